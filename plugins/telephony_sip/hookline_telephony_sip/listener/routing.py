"""The listener's stateless half: requests within a dialog, and responses, between a trunk and the call's cell.

Where a dialog's cell is stands in our Record-Route, signed: a listener that was started afresh goes on with every call
that is up, and nobody can make it send to a place that it did not choose itself.
"""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import IPv4Address

from hookline_telephony_sip.sip.addresses import parse_name_addr, parse_uri, parse_via, split_values
from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import Headers, Request, Response

Address = tuple[str, int]
MAX_FORWARDS = 70
PASSED_METHODS = ("INVITE", "ACK", "BYE", "UPDATE", "INFO", "PRACK", "OPTIONS")
"""What goes on within a dialog. The library behind must not be shown more than it needs: REFER would have it dial."""

_PASSED_HEADERS = frozenset(
    {
        *("from", "to", "call-id", "cseq", "contact", "record-route", "content-type", "supported", "require", "allow"),
        *("session-expires", "min-se", "rseq", "rack", "proxy-authorization", "authorization", "reason", "user-agent"),
    }
)
_SIGNATURE_DIGITS = 24
_BRANCH = "z9hG4bK"


class NoSuchDialog(MalformedMessage):
    """A request within a dialog that never went through us."""


class Routing:
    """`own` is our address, `secret` what our Record-Routes are signed with."""

    def __init__(self, own: Address, secret: bytes) -> None:
        self._own = own
        self._secret = secret

    def record_route(self, cell: Address, peer: Address) -> str:
        """The header value that brings later requests of the dialog here, and on to this cell or that peer."""
        place = f"{cell[0]}-{cell[1]}-{peer[0]}-{peer[1]}"
        return f"<sip:{self._own[0]}:{self._own[1]};lr;cell={place};sig={self._sign(place)}>"

    def onward(self, request: Request, source: Address) -> tuple[bytes, Address]:
        """A request within a dialog as it goes on, and where to. Raises MalformedMessage, NoSuchDialog."""
        routes = [value for line in request.headers.every("Route") for value in split_values(line)]
        if not routes:
            raise NoSuchDialog("no route")
        cell, peer = self._ends_of(routes.pop(0))
        target = (_address_of(routes[0] if routes else request.uri) or peer) if source == cell else cell
        left = hops_left(request)
        if request.method not in PASSED_METHODS:
            raise MalformedMessage("not for a cell")
        headers = passed_headers(request)
        out = Headers([("Via", self.via(request, source)), *vias_marked(request, source)])
        out.add("Max-Forwards", str(left))
        for route in routes:
            out.add("Route", route)
        for name, value in headers:
            out.add(name, value)
        return Request(headers=out, body=request.body, method=request.method, uri=request.uri).to_bytes(), target

    def via(self, request: Request, source: Address) -> str:
        """Our Via: its branch is made of the request's own, so that repeats look the same."""
        seed = f"{request.headers.first('Via')}{source}{request.call_id}{request.cseq}"
        branch = hmac.new(self._secret, seed.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:24]
        return f"SIP/2.0/UDP {self._own[0]}:{self._own[1]};branch={_BRANCH}{branch}"

    def back(self, response: Response) -> tuple[bytes, Address]:
        """A response without our Via, and where it goes. Raises MalformedMessage where it is not one to pass on."""
        vias = [value for line in response.headers.every("Via") for value in split_values(line)]
        top = parse_via(vias[0])
        if (top.host, top.port) != self._own or len(vias) < 2:
            raise MalformedMessage("not ours to pass on")
        out = Headers([("Via", value) for value in vias[1:]])
        for name, value in response.headers:
            if name != "Via":
                out.add(name, value)
        data = Response(headers=out, body=response.body, status=response.status, reason=response.reason).to_bytes()
        return data, via_address(vias[1])

    def _ends_of(self, route: str) -> tuple[Address, Address]:
        uri = parse_uri(parse_name_addr(route).uri)
        place = uri.params.get("cell", "")
        if not hmac.compare_digest(uri.params.get("sig", "").encode(), self._sign(place).encode()):
            raise NoSuchDialog("a route that is not ours")
        host, port, peer_host, peer_port = place.split("-")
        return (host, int(port)), (peer_host, int(peer_port))

    def _sign(self, place: str) -> str:
        return hmac.new(self._secret, place.encode(), hashlib.sha256).hexdigest()[:_SIGNATURE_DIGITS]


def passed_headers(request: Request) -> list[tuple[str, str]]:
    """The headers that a cell needs, and custom ones; Vias, routes and hops are written afresh."""
    return [
        (name, value)
        for name, value in request.headers
        if name.lower() in _PASSED_HEADERS or name.lower().startswith("x-")
    ]


def hops_left(request: Request) -> int:
    """Max-Forwards, less one. Raises MalformedMessage where none is left."""
    text = request.headers.first("Max-Forwards", str(MAX_FORWARDS))
    left = int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 4 else -1
    if left < 0:
        raise MalformedMessage("too many hops")
    return left


def vias_marked(request: Request, source: Address) -> list[tuple[str, str]]:
    """The request's Vias, the topmost with the address it really came from."""
    values = [value for line in request.headers.every("Via") for value in split_values(line)]
    return [("Via", mark_via(values[0], source)), *(("Via", value) for value in values[1:])]


def mark_via(value: str, source: Address) -> str:
    """A Via with `received` and `rport` (RFC 3581) filled in."""
    parts = [part for part in value.split(";") if part.strip().split("=")[0].lower() not in ("received", "rport")]
    return ";".join([*parts, f"received={source[0]}", f"rport={source[1]}"])


def via_address(value: str) -> Address:
    """Where the response to a marked Via goes."""
    via = parse_via(value)
    port = via.params.get("rport", "")
    return via.params.get("received") or via.host, int(port) if port.isdigit() else via.port or 5060


def _address_of(route: str) -> Address | None:
    """None where it is a name: nothing is looked up here, the peer's own address serves."""
    uri = parse_uri(parse_name_addr(route).uri)
    try:
        IPv4Address(uri.host)
    except ValueError:
        return None
    return uri.host, uri.port or 5060
