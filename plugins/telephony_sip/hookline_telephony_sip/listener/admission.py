"""What a request must be like before anybody is disturbed by it, or a cell is shown it (RFC 3261, 8.2)."""

from __future__ import annotations

from dataclasses import dataclass

from hookline_telephony_sip.listener.routing import PASSED_METHODS, hops_left
from hookline_telephony_sip.sip.addresses import parse_name_addr, parse_uri, parse_via, split_values
from hookline_telephony_sip.sip.errors import MalformedMessage
from hookline_telephony_sip.sip.messages import FORBIDDEN, Request

SUPPORTED = frozenset({"100rel", "timer"})
"""Extensions that a cell knows."""

_ALLOWED = ", ".join((*PASSED_METHODS, "CANCEL"))
_SDP = "application/sdp"
_ONCE = ("From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Type")
_SCHEMES = ("sip", "sips", "tel")


@dataclass(frozen=True)
class Refusal:
    """A status, and the headers that say what would have been right."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


def check_form(request: Request) -> None:
    """What every request must be: the library behind is shown nothing else. Raises MalformedMessage."""
    if any(FORBIDDEN.search(value) for _, value in request.headers) and request.method in PASSED_METHODS:
        raise MalformedMessage("control character")  # allowed in quotes, and nothing that a cell should see
    if any(len(request.headers.every(name)) > 1 for name in _ONCE):
        raise MalformedMessage("a header field that may be there once only")
    for line in request.headers.every("Via"):
        for value in split_values(line):
            parse_via(value)
    for name in ("From", "To"):
        parse_name_addr(request.headers.first(name))


def refusal(request: Request) -> Refusal | None:
    """Why a request that begins something is refused; None where it is not. Its form is as it should be."""
    if request.method not in ("INVITE", "OPTIONS"):
        known = request.method in PASSED_METHODS
        return (
            Refusal(481) if known else Refusal(405, (("Allow", ", ".join(("INVITE", "CANCEL", *PASSED_METHODS[1:]))),))
        )
    if request.uri.partition(":")[0].lower() not in _SCHEMES:
        return Refusal(416)
    if unknown := [name for name in _tokens(request, "Require") if name.lower() not in SUPPORTED]:
        return Refusal(420, (("Unsupported", ", ".join(unknown)),))
    return _about_a_call(request) if request.method == "INVITE" else None


def _about_a_call(request: Request) -> Refusal | None:
    try:
        parse_uri(request.uri)
        for contact in request.headers.every("Contact"):
            parse_uri(parse_name_addr(split_values(contact)[0]).uri)
    except MalformedMessage:
        return Refusal(400)
    try:
        hops_left(request)
    except MalformedMessage:
        return Refusal(483)
    if request.body and _kind(request.headers.first("Content-Type")) != _SDP:
        return Refusal(415, (("Accept", _SDP),))
    accepted = [_kind(value) for value in _tokens(request, "Accept")]
    if accepted and not {_SDP, "application/*", "*/*"} & set(accepted):
        return Refusal(406, (("Accept", _SDP),))
    return None


def _tokens(request: Request, name: str) -> list[str]:
    return [value for line in request.headers.every(name) for value in split_values(line) if value]


def _kind(value: str) -> str:
    return value.partition(";")[0].strip().lower()
