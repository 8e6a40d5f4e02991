"""SIP messages: parsing what came in, building what goes out (RFC 3261).

The parser raises `MalformedMessage` and nothing else, whatever the bytes. Bytes that are not UTF-8 survive a round
trip (surrogateescape), since a response must repeat the caller's Via and From exactly.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hookline_telephony_sip.sip.errors import MalformedMessage

MAX_HEADERS = 200
MAX_CSEQ = 2**31

COMPACT_NAMES = {
    "a": "Accept-Contact",
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
}
REQUIRED = ("Via", "From", "To", "Call-ID", "CSeq")

TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+\Z")
FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTED_PAIR = re.compile(r"\\[\x00-\x09\x0b-\x7f]")


class Headers:
    """Header fields in their order; names are matched without regard to case, compact names are expanded."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = list(items)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def add(self, name: str, value: str) -> None:
        """Append one field."""
        self._items.append((name, value))

    def first(self, name: str, default: str = "") -> str:
        """The first field of that name."""
        wanted = name.lower()
        return next((value for key, value in self._items if key.lower() == wanted), default)

    def every(self, name: str) -> list[str]:
        """All fields of that name."""
        wanted = name.lower()
        return [value for key, value in self._items if key.lower() == wanted]


@dataclass
class Message(ABC):
    """What requests and responses share."""

    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.headers.first("Call-ID")

    @property
    def cseq(self) -> int:
        """The number of the CSeq."""
        return int(self.headers.first("CSeq").split()[0])

    @property
    def cseq_method(self) -> str:
        """The method of the CSeq."""
        return self.headers.first("CSeq").split()[1]

    @abstractmethod
    def start_line(self) -> str:
        """The first line, without its line end."""

    def to_bytes(self) -> bytes:
        """The message as it goes on the wire; Content-Length is computed."""
        lines = [self.start_line()]
        lines += [f"{name}: {value}" for name, value in self.headers if name.lower() != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + self.body


@dataclass
class Request(Message):
    """A SIP request."""

    method: str = ""
    uri: str = ""

    def start_line(self) -> str:
        """`METHOD uri SIP/2.0`."""
        return f"{self.method} {self.uri} SIP/2.0"


@dataclass
class Response(Message):
    """A SIP response."""

    status: int = 0
    reason: str = ""

    def start_line(self) -> str:
        """`SIP/2.0 status reason`."""
        return f"SIP/2.0 {self.status} {self.reason}"


def parse_message(data: bytes) -> Request | Response:
    """Read one datagram.

    Raises:
        MalformedMessage: it is no SIP message, or lacks what every answer to it would need.
    """
    head, body = _split(data)
    lines = _unfold(head)
    headers = _parse_headers(lines[1:])
    for name in REQUIRED:
        if not headers.first(name):
            raise MalformedMessage(f"no {name}")
    message = _from_start_line(lines[0])
    message.headers = headers
    message.body = _cut_body(headers, body)
    _check_cseq(message)
    return message


def _split(data: bytes) -> tuple[str, bytes]:
    data = data.lstrip(b"\r\n")
    for separator in (b"\r\n\r\n", b"\n\n"):
        head, found, body = data.partition(separator)
        if found:
            return head.decode("utf-8", "surrogateescape"), body
    raise MalformedMessage("no end of headers")


def _unfold(head: str) -> list[str]:
    lines: list[str] = []
    for line in head.split("\n"):
        line = line.removesuffix("\r")
        if FORBIDDEN.search(_QUOTED_PAIR.sub("", line)):
            raise MalformedMessage("control character")
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


def _parse_headers(lines: list[str]) -> Headers:
    if len(lines) > MAX_HEADERS:
        raise MalformedMessage("too many headers")
    headers = Headers()
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip()
        if not colon or not TOKEN.match(name):
            raise MalformedMessage("bad header line")
        headers.add(COMPACT_NAMES.get(name.lower(), name), value.strip())
    return headers


def _from_start_line(line: str) -> Request | Response:
    parts = line.split(" ", 2)
    if len(parts) != 3:
        raise MalformedMessage("bad start line")
    if parts[0].upper() == "SIP/2.0":
        if not re.fullmatch(r"[1-6][0-9]{2}", parts[1], re.ASCII):
            raise MalformedMessage("bad status")
        return Response(status=int(parts[1]), reason=parts[2])
    if parts[2].upper() != "SIP/2.0" or not TOKEN.match(parts[0]) or not parts[1]:
        raise MalformedMessage("bad request line")
    return Request(method=parts[0], uri=parts[1])


def _cut_body(headers: Headers, body: bytes) -> bytes:
    lengths = set(headers.every("Content-Length"))
    if not lengths:
        return body
    length = lengths.pop()
    if lengths or not re.fullmatch(r"[0-9]{1,6}", length, re.ASCII) or int(length) > len(body):
        raise MalformedMessage("bad Content-Length")
    return body[: int(length)]


def _check_cseq(message: Request | Response) -> None:
    number, _, method = message.headers.first("CSeq").partition(" ")
    if not re.fullmatch(r"[0-9]{1,10}", number, re.ASCII) or int(number) >= MAX_CSEQ or not TOKEN.match(method.strip()):
        raise MalformedMessage("bad CSeq")
    if isinstance(message, Request) and method.strip() != message.method:
        raise MalformedMessage("CSeq names another method")
