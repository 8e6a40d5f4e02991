"""The listener's socket: who may speak, and what becomes of each datagram."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import cast

from hookline_telephony_sip.listener import words
from hookline_telephony_sip.listener.admission import Refusal, check_form, refusal
from hookline_telephony_sip.listener.offer import Offer, caller_of, custom_of, reply
from hookline_telephony_sip.listener.routing import (
    PASSED_METHODS,
    Address,
    NoSuchDialog,
    Routing,
    via_address,
    vias_marked,
)
from hookline_telephony_sip.sip.addresses import parse_name_addr, parse_uri, parse_via
from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import Request, Response, parse_message
from hookline_telephony_sip.sip.transactions import TransactionTable

MAX_OFFERS = 200
INVITES_PER_SECOND = 30.0
"""From all trunks together; what comes faster is told 503, by which a trunk tries again or elsewhere."""

LINE_HEADER = "X-Hookline-Line"
_BURST = 60.0
_LONGEST_OFFER_SECONDS = 180.0


class Bucket:
    """So many a second, and a burst."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst, self._left, self._at = rate, burst, burst, time.monotonic()

    def take(self) -> bool:
        """Whether one more may pass."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Listener(asyncio.DatagramProtocol):
    """`report` sends a word to the parent. `cells` is the address that cells are bound to."""

    def __init__(
        self, secret: bytes, cells: str, report: Callable[[words.Word], None], front: Address | None = None
    ) -> None:
        self._secret = secret
        self._cells = cells
        self._front = front
        self._report = report
        self._lines: dict[str, str] = {}
        self._known: frozenset[str] = frozenset()
        self._offers: dict[str, Offer] = {}
        self._server = TransactionTable()
        self._bucket = Bucket(INVITES_PER_SECOND, _BURST)
        self._transport: asyncio.DatagramTransport | None = None
        self._routing = Routing(("", 0), secret)
        self.responses: Callable[[Response], bool] = lambda response: False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.own: Address = transport.get_extra_info("sockname")[:2]
        self._routing = Routing(self.own, self._secret)

    def send(self, data: bytes, address: Address) -> None:
        """Send a datagram."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    # --- the parent's words ---

    def take(self, word: words.Word) -> None:
        """Do what the parent asks; an offer that has gone meanwhile is no error."""
        match word:
            case words.Lines(addresses=addresses):
                self._lines = {address: line for line, known in addresses.items() for address in known}
                self._known = frozenset(addresses)
            case words.Forward(offer=name, host=host, port=port, token=token) if name in self._offers:
                self._offers[name].forward((host, port), token, self._routing)
            case words.Refuse(offer=name, status=status) if name in self._offers:
                self._offers[name].tell(status)
                self._drop(self._offers[name])

    # --- datagrams ---

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Never raises: what is ill-formed, or from a stranger, is dropped without an answer."""
        source = addr[:2]
        if source == self._front:
            self._from_front(data, source)
            return
        from_cell = source[0] == self._cells and source[0] not in self._lines
        if not (source[0] in self._lines or source[0] == self._cells) or not data.strip(b"\r\n\x00"):
            return
        line = "" if from_cell else self._lines.get(source[0], "")
        self._read(data, source, lambda request: line)

    def _from_front(self, data: bytes, source: Address) -> None:
        """The proxy in front says by which line a call came; nobody else can."""
        self._read(data, source, lambda request: request.headers.first(LINE_HEADER))

    def _read(self, data: bytes, source: Address, line_of: Callable[[Request], str]) -> None:
        try:
            message = parse_message(data)
            if isinstance(message, Response):
                self._responded(message)
            else:
                self._requested(message, source, line_of(message))
        except (MalformedMessage, ValueError):
            return

    def _responded(self, response: Response) -> None:
        if self.responses(response):
            return
        data, target = self._routing.back(response)
        offer = self._by_branch(parse_via(response.headers.first("Via")).branch)
        if offer is None:
            self.send(data, target)
            return
        offer.answered(response, data)
        if response.status >= 200:
            self._drop(offer)

    def _requested(self, request: Request, source: Address, line: str) -> None:
        check_form(request)
        if request.method in ("ACK", "CANCEL"):
            self._hop(request, source)
        elif parse_name_addr(request.headers.first("To")).tag:
            self._within(request, source)
        elif refused := refusal(request):
            self._answer(request, source, refused)
        elif request.method == "INVITE" and line in self._known:
            self._invited(request, source, line)
        else:
            self._answer(request, source, Refusal(200 if request.method == "OPTIONS" else 481))

    def _hop(self, request: Request, source: Address) -> None:
        invite = self._server.find(request, "INVITE")
        offer = next((offer for offer in self._offers.values() if offer.transaction is invite), None)
        if request.method == "ACK":
            if invite is not None:
                invite.acknowledged()
            elif request.headers.first("Route"):
                self._within(request, source)
            return
        self._answer(request, source, Refusal(200 if invite else 481))
        if offer is None:
            return
        if offer.cell is None:
            offer.tell(487)
            self._drop(offer)
        else:
            offer.to_cell("CANCEL")
        self._report(words.Withdrawn(offer.name))

    def _within(self, request: Request, source: Address) -> None:
        if request.method not in PASSED_METHODS:
            self._answer(request, source, Refusal(501))
            return
        try:
            self.send(*self._routing.onward(request, source))
        except NoSuchDialog:
            if request.method != "ACK":
                self._answer(request, source, Refusal(481))

    def _invited(self, request: Request, source: Address, line: str) -> None:
        known = self._server.find(request)
        if known is not None:
            known.repeat()
            return
        if not self._bucket.take() or len(self._offers) >= MAX_OFFERS:
            self._answer(request, source, Refusal(503))
            return
        destination = via_address(vias_marked(request, source)[0][1])
        transaction = self._server.open(request, lambda data: self.send(data, destination))
        offer = Offer(transaction, source, line, self.send)
        dialled = parse_uri(request.uri).user
        self._offers[offer.name] = offer
        transaction.never_acknowledged = lambda: None
        offer.tell(100)
        offer.tell(180)
        self._report(words.Offered(offer.name, offer.line, caller_of(request), dialled, custom_of(request)))
        asyncio.get_running_loop().call_later(_LONGEST_OFFER_SECONDS, self._too_long, offer)

    def _too_long(self, offer: Offer) -> None:
        if self._offers.get(offer.name) is offer and offer.cell is None:
            offer.tell(480)
            self._drop(offer)
            self._report(words.Withdrawn(offer.name))

    def _answer(self, request: Request, source: Address, answer: Refusal) -> None:
        """Without remembering: a repeat gets the same answer."""
        tag = parse_via(request.headers.first("Via")).branch[-12:] or "hookline"
        response = reply(request, source, answer.status, tag)
        for name, value in answer.headers:
            response.headers.add(name, value)
        self.send(response.to_bytes(), via_address(vias_marked(request, source)[0][1]))

    def _by_branch(self, branch: str) -> Offer | None:
        for offer in self._offers.values():
            if offer.sent is not None and parse_via(offer.sent.headers.first("Via")).branch == branch:
                return offer
        return None

    def _drop(self, offer: Offer) -> None:
        self._offers.pop(offer.name, None)
