"""One SIP socket: takes datagrams, drops what is ill-formed, and leads requests to their calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from hookline_telephony_sip.sip.addresses import parse_name_addr, parse_uri, parse_via
from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import Request, Response, parse_message
from hookline_telephony_sip.sip.transactions import ClientTransaction, ServerTransaction, TransactionTable

from .auth import Gatekeeper
from .behaviours import Behaviour
from .call import Call
from .dialog import ALLOW, Address, new_tag, reply, response_address
from .record import CallRecord, Journal
from .rtp import MediaClock

log = logging.getLogger(__name__)

MAX_EXPIRES = 3600
MAX_CALLS = 500


@dataclass(frozen=True)
class Answering:
    """What answers at a user part: its behaviour, and the phone's name where it is one."""

    behaviour: Behaviour
    phone: str = ""


class Endpoint(asyncio.DatagramProtocol):
    """One UDP port. `calls` is shared by the sockets of the far end, keyed by our call id."""

    def __init__(
        self,
        resolve: Callable[[str], Answering],
        calls: dict[str, Call],
        journal: Journal,
        clock: MediaClock,
        gatekeeper: Gatekeeper,
    ) -> None:
        self._resolve = resolve
        self._calls = calls
        self._journal = journal
        self._clock = clock
        self._gatekeeper = gatekeeper
        self._dialogs: dict[tuple[str, str], Call] = {}
        self._by_invite: dict[ServerTransaction, Call] = {}
        self._server = TransactionTable()
        self._client: dict[str, ClientTransaction] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self.address: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.address = self._transport.get_extra_info("sockname")[:2]

    def close(self) -> None:
        """Stop everything at once."""
        self._server.close()
        for transaction in list(self._client.values()):
            transaction.close()
        if self._transport is not None:
            self._transport.close()

    @property
    def settled(self) -> bool:
        """No request of ours waits for its response."""
        return not self._client

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Never raises: an ill-formed datagram is counted, a mistake of ours is logged and counted."""
        if not data.strip(b"\r\n\x00"):
            return  # keep-alive
        try:
            message = parse_message(data)
            if isinstance(message, Request):
                self._requested(message, addr[:2])
            else:
                self._responded(message)
        except MalformedMessage as error:
            self._journal.count("malformed")
            log.debug("dropped a datagram: %s", error)
        except Exception:
            # the one place where any mistake ends: one datagram must never take 60 calls with it
            self._journal.count("errors")
            log.exception("could not handle a datagram")

    def _send(self, data: bytes, address: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    def _responded(self, response: Response) -> None:
        transaction = self._client.get(parse_via(response.headers.first("Via")).branch)
        if transaction is not None:
            transaction.answered(response)

    def _send_request(self, request: Request, address: Address) -> None:
        branch = parse_via(request.headers.first("Via")).branch
        data = request.to_bytes()

        def done() -> None:
            self._client.pop(branch, None)

        self._client[branch] = ClientTransaction(lambda: self._send(data, address), done)

    def _requested(self, request: Request, source: Address) -> None:
        for name in ("From", "To"):
            parse_name_addr(request.headers.first(name))
        if request.method == "ACK":
            self._acknowledged(request)
            return
        known = self._server.find(request)
        if known is not None:
            self._journal.count("repeated")
            known.repeat()
            return
        destination = response_address(request, source)
        transaction = self._server.open(request, lambda data: self._send(data, destination))
        self._journal.count("requests")
        try:
            self._dispatch(transaction, source)
        except MalformedMessage:
            transaction.respond(reply(request, source, 400, to_tag=new_tag()))
            raise

    def _dispatch(self, transaction: ServerTransaction, source: Address) -> None:
        method = transaction.request.method
        if method == "CANCEL":
            self._cancelled(transaction, source)
        elif parse_name_addr(transaction.request.headers.first("To")).tag:
            self._within_dialog(transaction, source)
        elif method == "INVITE":
            self._invited(transaction, source)
        else:
            self._outside_dialog(transaction, source)

    def _acknowledged(self, ack: Request) -> None:
        transaction = self._server.find_acknowledged(ack) or self._server.find(ack, "INVITE")
        if transaction is not None:
            transaction.acknowledged()
        call = self._call_of(ack)
        if call is not None:
            call.acknowledged(ack)

    def _call_of(self, request: Request) -> Call | None:
        return self._dialogs.get((request.call_id, parse_name_addr(request.headers.first("To")).tag))

    def _cancelled(self, transaction: ServerTransaction, source: Address) -> None:
        invite = self._server.find(transaction.request, "INVITE")
        if invite is None:
            transaction.respond(reply(transaction.request, source, 481, to_tag=new_tag()))
            return
        call = self._by_invite.get(invite)
        if call is None or call.record.state != "silent":
            tag = call.dialog.local_tag if call else new_tag()
            transaction.respond(reply(transaction.request, source, 200, to_tag=tag))
        if call is not None:
            call.cancelled()

    def _within_dialog(self, transaction: ServerTransaction, source: Address) -> None:
        call = self._call_of(transaction.request)
        if call is None:
            transaction.respond(reply(transaction.request, source, 481))
        else:
            call.requested(transaction, source)

    def _invited(self, transaction: ServerTransaction, source: Address) -> None:
        request = transaction.request
        required = ", ".join(request.headers.every("Require"))
        if required:
            response = reply(request, source, 420, to_tag=new_tag())
            response.headers.add("Unsupported", required)
            transaction.respond(response)
            return
        if len(self._calls) >= MAX_CALLS:
            transaction.respond(reply(request, source, 503, to_tag=new_tag()))
            return
        if self._challenged(transaction, source):
            return
        user = parse_uri(request.uri).user
        answering = self._resolve(user)
        record = self._record_of(request, user, answering.phone)
        call = Call(record, transaction, source, self.address, self._clock, self._send_request, self._gone)
        self._calls[record.id] = call
        self._dialogs[(request.call_id, call.dialog.local_tag)] = call
        self._by_invite[transaction] = call
        call.begin(answering.behaviour)

    def _challenged(self, transaction: ServerTransaction, source: Address) -> bool:
        challenge = self._gatekeeper.challenge(transaction.request)
        if challenge is not None:
            response = reply(transaction.request, source, challenge[0], to_tag=new_tag())
            response.headers.add(*challenge[1:])
            transaction.respond(response)
        return challenge is not None

    def _record_of(self, request: Request, user: str, phone: str) -> CallRecord:
        custom = {name: value for name, value in request.headers if name.lower().startswith("x-")}
        try:
            caller = parse_uri(parse_name_addr(request.headers.first("From")).uri).user
        except MalformedMessage:
            caller = ""
        return CallRecord(self._journal.next_id(), user, caller, phone, custom, request.call_id)

    def _gone(self, call: Call) -> None:
        self._calls.pop(call.record.id, None)
        self._dialogs.pop((call.dialog.call_id, call.dialog.local_tag), None)
        self._by_invite.pop(call.invite, None)
        self._journal.ended.append(call.record)

    def _outside_dialog(self, transaction: ServerTransaction, source: Address) -> None:
        request = transaction.request
        if self._challenged(transaction, source):
            return
        statuses = {"OPTIONS": 200, "REGISTER": 200, "BYE": 481, "INFO": 481, "UPDATE": 481}
        response = reply(request, source, statuses.get(request.method, 501), to_tag=new_tag())
        response.headers.add("Allow", ALLOW)
        if request.method == "OPTIONS":
            response.headers.add("Accept", "application/sdp")
        if request.method == "REGISTER":
            expires = request.headers.first("Expires", str(MAX_EXPIRES))
            seconds = min(int(expires), MAX_EXPIRES) if expires.isascii() and expires.isdigit() else MAX_EXPIRES
            for contact in request.headers.every("Contact") if seconds else ():
                response.headers.add("Contact", contact)
            response.headers.add("Expires", str(seconds))
        transaction.respond(response)
