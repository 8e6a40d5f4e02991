"""One incoming call: its dialog, its audio and the script that plays it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address

from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import Request
from hookline_telephony_sip.sip.transactions import ServerTransaction

from . import sdp
from .audio import Source
from .behaviours import Behaviour, play
from .dialog import Address, Dialog, reply
from .errors import CallNotReady, NoCommonCodec
from .record import CallRecord
from .rtp import DIGITS, MediaClock, RtpSession

TALKING = ("answered", "confirmed")


class Call:
    """Follows the peer's requests and the behaviour's script. `gone` is told once, when the call has ended."""

    def __init__(
        self,
        record: CallRecord,
        invite: ServerTransaction,
        source: Address,
        contact: Address,
        clock: MediaClock,
        send_request: Callable[[Request, Address], None],
        gone: Callable[[Call], None],
    ) -> None:
        self.record = record
        self.dialog = Dialog(invite.request, source, contact)
        self.rtp = RtpSession(clock, contact[0])
        self.invite = invite
        self._source = source
        self._host = contact[0]
        self._send_request = send_request
        self._gone = gone
        self._sdp_version = 0
        self._agreement: sdp.Agreement | None = None
        self._answer_asked = asyncio.Event()
        self._confirmed = asyncio.Event()
        self._script: asyncio.Task[None] | None = None
        invite.never_acknowledged = lambda: self._hang_up("signalling_timeout")

    def begin(self, behaviour: Behaviour) -> None:
        """Read the offer and let the behaviour run; an offer that cannot be answered is refused at once."""
        silent = behaviour.kind == "silent"
        self.record.state = "silent" if silent else "trying"
        try:
            if not silent:
                self.invite.respond(reply(self.invite.request, self._source, 100))
                self._take_offer_if_any()
        except NoCommonCodec:
            self.refuse(488)
        except MalformedMessage:
            self.refuse(400)
        else:
            self._script = asyncio.get_running_loop().create_task(play(self, behaviour))

    # what a script may do

    def ring(self) -> None:
        """Send 180."""
        self.record.state = "ringing"
        self._respond(180)

    def ring_with_media(self, source: Source) -> None:
        """Send 183 with an answer and let the caller hear the source."""
        self.record.state = "early"
        self._respond(183, body=self._own_description())
        self._say(source)

    def refuse(self, status: int, reason: str = "") -> None:
        """Send a final refusal."""
        self._respond(status, reason)
        self._end("refused")

    def answer(self, source: Source, headers: tuple[tuple[str, str], ...] = ()) -> None:
        """Send 200 with these headers and say the source."""
        self.record.state = "answered"
        self.record.answered_at = datetime.now(UTC)
        self.rtp.last_received_at = time.monotonic()
        self._respond(200, body=self._own_description(), headers=headers)
        self._say(source)

    async def told_to_answer(self) -> None:
        """Wait for `ask_to_answer`."""
        await self._answer_asked.wait()

    async def confirmed(self) -> None:
        """Wait for the ACK."""
        await self._confirmed.wait()

    def hang_up(self, by: str) -> None:
        """BYE after the answer, 480 before it."""
        if self.record.state in TALKING:
            self._hang_up(by)
        elif self.record.state == "silent":
            self._end(by)
        else:
            self._respond(480)
            self._end(by)

    # what the control channel may do besides

    def ask_to_answer(self) -> None:
        """Answer now, where the behaviour is one that answers at all."""
        if self.record.state not in ("ringing", "early"):
            raise CallNotReady(f"The call {self.record.id} does not ring: it is {self.record.state}.")
        self._answer_asked.set()

    def send_digits(self, digits: str) -> None:
        """Send telephone events.

        Raises:
            CallNotReady: the call is not answered, is held, or its peer takes no telephone events.
        """
        if self.record.state not in TALKING or not self.rtp.sending or self.rtp.event_type is None:
            raise CallNotReady(f"The call {self.record.id} cannot take digits now.", "Answer it or end its hold first.")
        if not digits or set(digits.upper()) - set(DIGITS):
            raise CallNotReady("These are no digits.", f"Use {DIGITS}.")
        self.rtp.send_digits(digits)

    def snapshot(self) -> CallRecord:
        """The record with fresh counters."""
        self.record.rtp_received_packets = self.rtp.received_packets
        self.record.rtp_sent_packets = self.rtp.sent_packets
        self.record.dtmf_received = self.rtp.digits
        return self.record

    def end_if_deaf(self, seconds: float) -> None:
        """Hang up if nothing was heard for so long: the caller's process has died without a BYE."""
        deaf = time.monotonic() - self.rtp.last_received_at > seconds
        if deaf and self.record.state in TALKING and not self.record.on_hold:
            self._hang_up("media_timeout")

    # what the peer does

    def acknowledged(self, ack: Request) -> None:
        """The ACK of a 200; where we made the offer it carries the answer."""
        if self.record.state == "answered":
            self.record.state = "confirmed"
        self._confirmed.set()
        if self._agreement is None and ack.body:
            try:
                self._take_offer(ack.body)
            except (NoCommonCodec, MalformedMessage):
                self._hang_up("far_end")

    def cancelled(self) -> None:
        """The caller gave up while it rang; too late after the answer."""
        if self.record.state in TALKING:
            return
        if self.record.state != "silent":
            self._respond(487)
        self._end("cancel")

    def requested(self, transaction: ServerTransaction, source: Address) -> None:
        """A request within the dialog."""
        request = transaction.request
        if request.cseq < self.dialog.remote_cseq:
            transaction.respond(self.dialog.reply(request, source, 500))
            return
        if request.method == "BYE":
            self._bye(transaction, source)
        elif request.method in ("INVITE", "UPDATE"):
            self._reinvite(transaction, source)
        else:
            self._other(transaction, source)

    def _bye(self, transaction: ServerTransaction, source: Address) -> None:
        transaction.respond(self.dialog.reply(transaction.request, source, 200))
        if self.record.state not in TALKING:
            self._respond(487)
        self._end("caller")

    def _reinvite(self, transaction: ServerTransaction, source: Address) -> None:
        request = transaction.request
        self.dialog.update_target(request)
        description = b""
        try:
            if request.body:
                self._take_offer(request.body)
            if request.body or request.method == "INVITE":
                description = self._own_description(fresh_offer=not request.body)
        except NoCommonCodec:
            transaction.respond(self.dialog.reply(request, source, 488))
        except MalformedMessage:
            transaction.respond(self.dialog.reply(request, source, 400))
        else:
            transaction.never_acknowledged = lambda: self._hang_up("signalling_timeout")
            transaction.respond(self.dialog.reply(request, source, 200, sdp=description))

    def _other(self, transaction: ServerTransaction, source: Address) -> None:
        request = transaction.request
        known = request.method in ("INFO", "OPTIONS")
        if request.method == "INFO":
            self.record.dtmf_info += info_digit(request)
        transaction.respond(self.dialog.reply(request, source, 200 if known else 501))

    # the parts

    def _respond(
        self, status: int, reason: str = "", body: bytes = b"", headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        if status >= 200:
            self.record.code = status
        response = self.dialog.reply(self.invite.request, self._source, status, reason, body)
        for name, value in headers:
            response.headers.add(name, value)
        self.invite.respond(response)

    def _take_offer_if_any(self) -> None:
        if self.invite.request.body:
            self._take_offer(self.invite.request.body)

    def _take_offer(self, body: bytes) -> None:
        agreement = sdp.agree(body)
        self._agreement = agreement
        self.rtp.remote = (self._media_host(agreement.host), agreement.port)
        self.rtp.payload_type = agreement.payload_type
        self.rtp.event_type = agreement.event_type
        self.rtp.sending = agreement.direction in ("sendrecv", "sendonly")
        self.record.times_held += agreement.on_hold and not self.record.on_hold
        self.record.on_hold = agreement.on_hold
        self.rtp.last_received_at = time.monotonic()

    def _media_host(self, host: str) -> str:
        """Audio never leaves the machine, whatever address the offer names."""
        try:
            return host if IPv4Address(host).is_loopback else self._source[0]
        except ValueError:
            return self._source[0]

    def _own_description(self, *, fresh_offer: bool = False) -> bytes:
        self._sdp_version += 1
        if self._agreement is None or fresh_offer:
            self._agreement = None
            return sdp.write_offer(self._host, self.rtp.port, self._sdp_version)
        return sdp.write_answer(self._agreement, self._host, self.rtp.port, self._sdp_version)

    def _say(self, source: Source) -> None:
        self.rtp.source = source

    def _hang_up(self, by: str) -> None:
        if self.record.state != "ended":
            self._send_request(*self.dialog.request("BYE"))
            self._end(by)

    def _end(self, by: str) -> None:
        if self.record.state == "ended":
            return
        self.snapshot()
        self.record.state = "ended"
        self.record.ended_by = by
        self.record.ended_at = datetime.now(UTC)
        self.rtp.close()
        self.invite.abandon()
        if self._script is not None and self._script is not asyncio.current_task():
            self._script.cancel()
        self._gone(self)


def info_digit(request: Request) -> str:
    """The digit of an INFO (application/dtmf-relay `Signal=5`, or application/dtmf); '' if it holds none."""
    kind = request.headers.first("Content-Type").partition(";")[0].strip().lower()
    text = request.body.decode("ascii", "replace").strip()
    if kind == "application/dtmf-relay":
        lines = (line.partition("=") for line in text.splitlines())
        text = next((value.strip() for name, _, value in lines if name.strip().lower() == "signal"), "")
    elif kind != "application/dtmf":
        return ""
    return text.upper() if len(text) == 1 and text.upper() in DIGITS else ""
