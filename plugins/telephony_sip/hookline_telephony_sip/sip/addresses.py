"""SIP addresses: URIs, From/To/Contact values and Via, as far as the far end needs them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from hookline_telephony_sip.sip.errors import MalformedMessage

_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-_]+)(?:\s*:\s*([0-9]{1,5}))?\Z", re.ASCII)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class SipUri:
    """`sip:user@host:port;params`; `port` is 0 where none is named. A tel URI has a user and no host."""

    scheme: str
    user: str
    host: str
    port: int = 0
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NameAddr:
    """A From, To, Contact, Route or Record-Route value."""

    uri: str
    params: dict[str, str]

    @property
    def tag(self) -> str:
        """The tag parameter, empty if there is none."""
        return self.params.get("tag", "")


@dataclass(frozen=True)
class Via:
    """The topmost Via: where the response goes and which transaction it is."""

    host: str
    port: int
    params: dict[str, str]

    @property
    def branch(self) -> str:
        """The branch parameter, empty if there is none."""
        return self.params.get("branch", "")


def parse_uri(text: str) -> SipUri:
    """Read a sip, sips or tel URI.

    Raises:
        MalformedMessage: it is none of these.
    """
    scheme, colon, rest = text.strip().partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in ("sip", "sips", "tel"):
        raise MalformedMessage("unknown URI scheme")
    rest = rest.partition("?")[0]
    if scheme == "tel":
        return SipUri(scheme, unquote(rest.partition(";")[0]), "")
    user, at, place = rest.rpartition("@")
    host_port, _, params = (place if at else rest).partition(";")
    host, port = parse_host_port(host_port)
    return SipUri(scheme, unquote(user.partition(";")[0].partition(":")[0]), host, port, parse_params(params))


def parse_host_port(text: str) -> tuple[str, int]:
    """Split `host[:port]`; the port is 0 where none is named.

    Raises:
        MalformedMessage: it is not of that shape.
    """
    match = _HOST_PORT.match(text.strip())
    if not match or int(match[2] or 0) > 65535:
        raise MalformedMessage("bad host or port")
    return match[1], int(match[2] or 0)


def parse_params(text: str) -> dict[str, str]:
    """Read `a=1;b;c="x"`; names become lower case, a parameter without a value has the value ''."""
    params: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name.strip():
            params.setdefault(name.strip().lower(), value.strip().strip('"'))
    return params


def parse_name_addr(text: str) -> NameAddr:
    """Read `"Name" <uri>;params` or `uri;params`.

    Raises:
        MalformedMessage: the angle brackets do not match, or the quotes.
    """
    bare = _QUOTED.sub("", text)
    before, bracket, rest = bare.partition("<")
    if '"' in before:
        raise MalformedMessage("quotes are not closed")
    if not bracket:
        uri, _, params = before.partition(";")
        return NameAddr(uri.strip(), parse_params(params))
    uri, bracket, params = rest.partition(">")
    if not bracket:
        raise MalformedMessage("angle bracket is not closed")
    return NameAddr(uri.strip(), parse_params(params))


def parse_via(text: str) -> Via:
    """Read the first value of a Via header field.

    Raises:
        MalformedMessage: it is no SIP/2.0 Via.
    """
    sent, _, params = split_values(text)[0].partition(";")
    match = re.match(r"SIP\s*/\s*2\.0\s*/\s*[A-Za-z0-9\-]+\s+(.+)\Z", sent.strip(), re.IGNORECASE)
    if not match:
        raise MalformedMessage("bad Via")
    host, port = parse_host_port(match[1])
    return Via(host, port, parse_params(params))


def split_values(text: str) -> list[str]:
    """Split a comma-separated header value; commas in quotes and angle brackets do not count. Never empty."""
    parts, start, quoted, bracket, escaped = [], 0, False, False, False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"' and not bracket:
            quoted = not quoted
        elif char in "<>" and not quoted:
            bracket = char == "<"
        elif char == "," and not quoted and not bracket:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]
