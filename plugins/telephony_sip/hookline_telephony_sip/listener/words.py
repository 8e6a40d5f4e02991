"""What the parent and the listener say to each other: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


class Word:
    """Base of every message."""

    def encode(self) -> bytes:
        """The message as one line."""
        body = {"is": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]
        return json.dumps(body, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True)
class Login:
    """A trunk that must be told by REGISTER where we are."""

    line: str
    host: str
    port: int
    username: str
    password: str = field(repr=False)
    public: str = ""  # the proxy's address, where calls for us shall come; empty: our own


@dataclass(frozen=True)
class Lines(Word):
    """From whom calls are taken: each line's IPv4 addresses. Replaces what was said before."""

    addresses: dict[str, list[str]]
    logins: tuple[Login, ...] = ()


@dataclass(frozen=True)
class Forward(Word):
    """Send the offered call to this cell's port, with the token by which the cell knows it."""

    offer: str
    host: str
    port: int
    token: str


@dataclass(frozen=True)
class Refuse(Word):
    """Refuse the offered call with this SIP status."""

    offer: str
    status: int


@dataclass(frozen=True)
class Listening(Word):
    """The port is bound."""

    port: int


@dataclass(frozen=True)
class Offered(Word):
    """A call has come in, and rings. `number` and `dialled` as they were written."""

    offer: str
    line: str
    number: str
    dialled: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Withdrawn(Word):
    """The caller has given up, or the call was refused."""

    offer: str


@dataclass(frozen=True)
class Registered(Word):
    """What a registrar said last."""

    line: str
    status: int


_KINDS: dict[str, type[Word]] = {
    kind.__name__: kind for kind in (Lines, Forward, Refuse, Listening, Offered, Withdrawn, Registered)
}


def decode(line: bytes) -> Word:
    """The message in one line. Raises ValueError for anything that `encode` did not write."""
    body: Any = json.loads(line)
    if not isinstance(body, dict):
        raise ValueError("a message must be an object")
    kind = _KINDS.get(str(body.pop("is", "")))
    if kind is None:
        raise ValueError("unknown kind of message")
    try:
        if kind is Lines:
            body["logins"] = tuple(Login(**login) for login in body["logins"])
        return kind(**body)
    except (TypeError, KeyError) as error:
        raise ValueError("a message with wrong fields") from error
