"""Somebody who calls in: the bare caller with a voice, an ear, and manners."""

from __future__ import annotations

import math
import struct
import threading
import time
from array import array
from collections import deque

from hookline_telephony_sip.far_end import audio, g711
from hookline_telephony_sip.far_end.bare_caller import Caller, remote_rtp
from hookline_telephony_sip.sip.addresses import parse_name_addr
from hookline_telephony_sip.sip.messages import Request, Response

_FRAME = 160
_HEADER = struct.Struct("!BBHII")
_AGAIN_SECONDS = 0.5
_HEARD_FRAMES = 15  # 0.3 s


class InboundCaller:
    """Calls at once; says a tone from the answer on, hangs up politely or is hung up. `statuses`: all that came."""

    def __init__(self, listener: tuple[str, int], number: str, dialled: str, hertz: int, extra: str = "") -> None:
        self.number = number
        self.tone_hz = hertz
        self._dialled = dialled
        self.statuses: list[int] = []
        self.ended = threading.Event()
        self.other = 0
        self._came = threading.Event()
        self._caller = Caller(f"{listener[0]}:{listener[1]}")
        self._caller.socket.settimeout(0.05)
        self._caller.rtp.settimeout(0.02)
        self._heard: deque[bytes] = deque(maxlen=_HEARD_FRAMES)
        self._routes = self._contact = ""
        self._remote: tuple[str, int] | None = None
        self._over = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._signal, self._say, self._hear)]
        self._caller.dial(dialled, extra=f"P-Asserted-Identity: <sip:{number}@x>\r\n{extra}")
        self._unanswered: Request | None = self._caller.invite
        self._again_at = time.monotonic() + _AGAIN_SECONDS
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop, without a word."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._caller.socket.close()
        self._caller.rtp.close()

    @property
    def answered(self) -> bool:
        """Whether somebody has answered."""
        return 200 in self.statuses

    def hang_up(self) -> None:
        """BYE after the answer, CANCEL before it."""
        invite = self._caller.invite
        assert invite is not None
        if self.answered:
            bye = self._caller.send("BYE", self._dialled, extra=self._routes, target=self._contact)
            self._unanswered, self._again_at = bye, time.monotonic() + _AGAIN_SECONDS
        else:
            branch = invite.headers.first("Via").partition("z9hG4bK")[2].partition(";")[0]
            user = invite.uri.removeprefix("sip:").partition("@")[0]
            self._caller.send("CANCEL", user, branch=branch, cseq=invite.cseq)

    def asks(self, method: str, extra: str) -> int:
        """Send another request within the dialog; the status of its answer."""
        self.other = 0
        self._caller.send(method, self._dialled, extra=extra + self._routes, target=self._contact)
        deadline = time.monotonic() + 5
        while not self.other and time.monotonic() < deadline:
            self._came.wait(0.1)
        return self.other

    def forget(self) -> None:
        """What was heard until now."""
        self._heard.clear()

    def hears_tone(self, hertz: int) -> bool:
        """Whether this pitch is heard just now."""
        frames = list(self._heard)
        if not frames or self.ended.is_set():
            return False
        samples = [sample for frame in frames for sample in g711.decode(frame, g711.PCMU)]
        return audio.level(samples) > 0.01 and audio.energy_share(samples, hertz) > 0.2

    def _signal(self) -> None:
        while not self._over.is_set():
            try:
                message = self._caller.receive()
            except OSError:
                self._repeat()
                continue
            if isinstance(message, Response):
                self._unanswered = None
            if isinstance(message, Request):
                self._caller.socket.sendto(_ok(message), self._caller.peer)
                if message.method == "BYE":
                    self.ended.set()
            elif message.cseq_method == "INVITE":
                self._answer_came(message)
            elif message.cseq_method == "BYE":
                self.ended.set()
            elif message.cseq_method != "CANCEL":
                self.other = message.status
                self._came.set()

    def _repeat(self) -> None:
        """As every caller by UDP does: a datagram may be lost."""
        if self._unanswered is not None and time.monotonic() >= self._again_at:
            self._caller.socket.sendto(self._unanswered.to_bytes(), self._caller.peer)
            self._again_at = time.monotonic() + _AGAIN_SECONDS

    def _answer_came(self, response: Response) -> None:
        self.statuses.append(response.status)
        if response.status == 200:
            routes = response.headers.every("Record-Route")
            self._routes = "".join(f"Route: {route}\r\n" for route in reversed(routes))
            self._contact = parse_name_addr(response.headers.first("Contact")).uri
            self._caller.to_tag = response.headers.first("To").partition("tag=")[2]
            branch = f"{self._caller.call_id}-ack"
            self._caller.send(
                "ACK", self._dialled, cseq=response.cseq, branch=branch, extra=self._routes, target=self._contact
            )
            self._remote = remote_rtp(response)
        elif response.status > 200:
            self.ended.set()

    def _say(self) -> None:
        samples = array("h", (round(12000 * math.sin(2 * math.pi * self.tone_hz * n / 8000)) for n in range(8000)))
        sound, number = g711.encode(samples, g711.PCMU), 0
        while not self._over.is_set():
            self._over.wait(0.02)
            if self._remote is None or self.ended.is_set():
                continue
            start = number * _FRAME % len(sound)
            header = _HEADER.pack(0x80, g711.PCMU, number & 0xFFFF, number * _FRAME, 7)
            self._caller.rtp.sendto(header + sound[start : start + _FRAME], self._remote)
            number += 1

    def _hear(self) -> None:
        while not self._over.is_set():
            try:
                packet = self._caller.rtp.recv(2048)
            except OSError:
                continue
            if packet[1] & 0x7F == g711.PCMU:
                self._heard.append(packet[12:])


def _ok(request: Request) -> bytes:
    lines = ["SIP/2.0 200 OK"]
    lines += [f"{name}: {value}" for name, value in request.headers if name in ("Via", "From", "To", "Call-ID", "CSeq")]
    return ("\r\n".join([*lines, "Content-Length: 0", "", ""])).encode()
