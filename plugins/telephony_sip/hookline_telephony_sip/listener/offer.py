"""One call that has come in and that nobody carries yet."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from hookline_telephony_sip.listener.routing import Address, Routing, hops_left, passed_headers, vias_marked
from hookline_telephony_sip.sip.addresses import parse_name_addr, parse_uri, split_values
from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import Headers, Request, Response
from hookline_telephony_sip.sip.transactions import ClientTransaction, ServerTransaction

OFFER_HEADER = "X-Hookline-Offer"
_OURS = ("x-hookline-offer", "x-hookline-line")
_REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    400: "Bad Request",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    483: "Too Many Hops",
    486: "Busy Here",
    487: "Request Terminated",
    501: "Not Implemented",
    503: "Service Unavailable",
    603: "Decline",
}


def reply(request: Request, source: Address, status: int, to_tag: str = "") -> Response:
    """A response of the listener's own."""
    headers = Headers(vias_marked(request, source))
    to = request.headers.first("To")
    if to_tag and not parse_name_addr(to).tag:
        to += f";tag={to_tag}"
    for name, value in (("From", request.headers.first("From")), ("To", to), ("Call-ID", request.call_id)):
        headers.add(name, value)
    headers.add("CSeq", request.headers.first("CSeq"))
    headers.add("Server", "Hookline")
    return Response(headers=headers, status=status, reason=_REASONS.get(status, "Refused"))


@dataclass(eq=False)
class Offer:
    """Answers the caller until a cell does. `branch` is that of the INVITE that went to the cell."""

    transaction: ServerTransaction
    source: Address
    line: str
    send: Callable[[bytes, Address], None]
    name: str = field(default_factory=lambda: secrets.token_hex(12))
    tag: str = field(default_factory=lambda: secrets.token_hex(8))
    cell: Address | None = None
    sent: Request | None = None
    client: ClientTransaction | None = None

    @property
    def request(self) -> Request:
        """The caller's INVITE."""
        return self.transaction.request

    def tell(self, status: int) -> None:
        """Answer by a status of our own."""
        self.transaction.respond(reply(self.request, self.source, status, self.tag if status > 100 else ""))

    def forward(self, cell: Address, token: str, routing: Routing) -> None:
        """Let the cell carry it."""
        request = self.request
        out = Headers([("Via", routing.via(request, self.source)), *vias_marked(request, self.source)])
        out.add("Record-Route", routing.record_route(cell, self.source))
        out.add("Max-Forwards", str(hops_left(request)))
        out.add(OFFER_HEADER, token)
        for name, value in passed_headers(request):
            if not name.lower().startswith(_OURS):
                out.add(name, value)
        self.cell = cell
        self.sent = Request(headers=out, body=request.body, method="INVITE", uri=f"sip:hookline@{cell[0]}:{cell[1]}")
        data = self.sent.to_bytes()
        self.client = ClientTransaction(lambda: self.send(data, cell), lambda: None)

    def to_cell(self, method: str) -> None:
        """CANCEL, or the ACK of a refusal: hop by hop."""
        if self.sent is None or self.cell is None:
            return
        headers = Headers([("Via", self.sent.headers.first("Via"))])
        for name in ("From", "To", "Call-ID"):
            headers.add(name, self.sent.headers.first(name))
        headers.add("CSeq", f"{self.sent.cseq} {method}")
        headers.add("Max-Forwards", "70")
        request = Request(headers=headers, method=method, uri=self.sent.uri)
        self.send(request.to_bytes(), self.cell)

    def answered(self, response: Response, data: bytes) -> None:
        """The cell has answered: pass it on, and answer a repeated INVITE with it."""
        if self.client is not None:
            self.client.close()
        if response.status == 100:
            return
        if response.status >= 300:
            self.to_cell("ACK")
        self.transaction.pass_on(data, status=response.status)


def caller_of(request: Request) -> str:
    """The caller as he is written; empty where he withholds it."""
    for name in ("P-Asserted-Identity", "From"):
        try:
            user = parse_uri(parse_name_addr(split_values(request.headers.first(name))[0]).uri).user
        except MalformedMessage:
            continue
        if user and user.lower() not in ("anonymous", "unknown"):
            return user
    return ""


def custom_of(request: Request) -> dict[str, str]:
    """The custom headers, at most 20, cut at 200 characters."""
    found = {
        name: value[:200]
        for name, value in request.headers
        if name.lower().startswith("x-") and not name.lower().startswith(_OURS) and value.isprintable()
    }
    return dict(list(found.items())[:20])
