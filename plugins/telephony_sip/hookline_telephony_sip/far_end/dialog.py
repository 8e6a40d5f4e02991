"""The signalling state of one call: tags, route set, sequence numbers; building responses and in-dialog requests."""

from __future__ import annotations

import secrets
from ipaddress import IPv4Address

from hookline_telephony_sip.sip.addresses import parse_name_addr, parse_uri, parse_via, split_values
from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import Headers, Request, Response

Address = tuple[str, int]

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REGISTER"
SERVER = "Hookline far end"
REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    407: "Proxy Authentication Required",
    420: "Bad Extension",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    603: "Decline",
}


def new_tag() -> str:
    """A fresh tag or branch part."""
    return secrets.token_hex(8)


def reply(request: Request, source: Address, status: int, reason: str = "", *, to_tag: str = "") -> Response:
    """A response with what every response repeats; the topmost Via tells where the request really came from."""
    headers = Headers()
    vias = request.headers.every("Via")
    headers.add("Via", mark_via(vias[0], source))
    for via in vias[1:]:
        headers.add("Via", via)
    if status > 100 and request.method == "INVITE":
        for route in request.headers.every("Record-Route"):
            headers.add("Record-Route", route)
    headers.add("From", request.headers.first("From"))
    to = request.headers.first("To")
    if to_tag and not parse_name_addr(to).tag:
        to += f";tag={to_tag}"
    headers.add("To", to)
    headers.add("Call-ID", request.call_id)
    headers.add("CSeq", request.headers.first("CSeq"))
    headers.add("Server", SERVER)
    return Response(headers=headers, status=status, reason=reason or REASONS.get(status, "Unknown"))


def mark_via(value: str, source: Address) -> str:
    """Add received and rport (RFC 3581) to the topmost Via."""
    first, *others = split_values(value)
    via = parse_via(first)
    kept = [part for part in first.split(";") if part.strip().lower() != "rport"]
    if "rport" in via.params:
        kept += [f"received={source[0]}", f"rport={source[1]}"]
    elif via.host != source[0]:
        kept.append(f"received={source[0]}")
    return ", ".join([";".join(kept), *others])


def response_address(request: Request, source: Address) -> Address:
    """Where responses go: back to the source, at the port that its Via names unless it asked for rport."""
    via = parse_via(request.headers.first("Via"))
    return source if "rport" in via.params else (source[0], via.port or 5060)


class Dialog:
    """Made from the INVITE. `source` is where that came from, `contact` our own address on this socket."""

    def __init__(self, invite: Request, source: Address, contact: Address) -> None:
        self.call_id = invite.call_id
        self.local_tag = new_tag()
        self.remote_tag = parse_name_addr(invite.headers.first("From")).tag
        self.remote_cseq = invite.cseq
        self._invite = invite
        self._source = source
        self._contact = contact
        self._local_cseq = 0
        self._routes = [item for line in invite.headers.every("Record-Route") for item in split_values(line)]
        self._target = parse_name_addr(split_values(invite.headers.first("Contact"))[0]).uri

    def update_target(self, request: Request) -> None:
        """A re-INVITE or UPDATE may move the peer's Contact."""
        self.remote_cseq = request.cseq
        self._source_moved(request)

    def _source_moved(self, request: Request) -> None:
        contact = request.headers.first("Contact")
        if contact:
            self._target = parse_name_addr(split_values(contact)[0]).uri

    def reply(self, request: Request, source: Address, status: int, reason: str = "", sdp: bytes = b"") -> Response:
        """A response inside the dialog, with our Contact and perhaps a session description."""
        response = reply(request, source, status, reason, to_tag=self.local_tag)
        response.headers.add("Contact", f"<sip:{self._contact[0]}:{self._contact[1]}>")
        response.headers.add("Allow", ALLOW)
        if sdp:
            response.headers.add("Content-Type", "application/sdp")
            response.body = sdp
        return response

    def request(self, method: str) -> tuple[Request, Address]:
        """A request of ours within the dialog, and where it goes."""
        self._local_cseq += 1
        headers = Headers()
        headers.add("Via", f"SIP/2.0/UDP {self._contact[0]}:{self._contact[1]};branch=z9hG4bK{new_tag()};rport")
        headers.add("Max-Forwards", "70")
        for route in self._routes:
            headers.add("Route", route)
        headers.add("From", f"{self._invite.headers.first('To')};tag={self.local_tag}")
        headers.add("To", self._invite.headers.first("From"))
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{self._local_cseq} {method}")
        headers.add("User-Agent", SERVER)
        target = self._target or parse_name_addr(self._invite.headers.first("From")).uri
        return Request(headers=headers, method=method, uri=target), self._next_hop(target)

    def _next_hop(self, target: str) -> Address:
        """The first route or the peer's Contact, where it is a loopback address; else where the INVITE came from."""
        try:
            uri = parse_uri(parse_name_addr(self._routes[0]).uri if self._routes else target)
            if IPv4Address(uri.host).is_loopback:
                return uri.host, uri.port or 5060
        except (MalformedMessage, ValueError):
            return self._source
        return self._source
