"""What a cell tells its parent; `at` is ISO 8601 in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hookline_telephony_sip.cell.message import Message


@dataclass(frozen=True)
class Ready(Message):
    """The library runs; commands sent earlier are carried out now. `calls`: how many it can carry."""

    calls: int


@dataclass(frozen=True)
class Beat(Message):
    """The owner thread turns."""


@dataclass(frozen=True)
class Routed(Message):
    """The leg goes by another route than the first."""

    leg: str
    trunk: int


@dataclass(frozen=True)
class Ringing(Message):
    """The far side rings."""

    leg: str
    at: str


@dataclass(frozen=True)
class Answered(Message):
    """The far side answered."""

    leg: str
    at: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Expecting(Message):
    """The announced call may come to this UDP port."""

    leg: str
    port: int


@dataclass(frozen=True)
class Detected(Message):
    """Who answered."""

    leg: str
    at: str
    answerer: str
    after: float


@dataclass(frozen=True)
class BrowserThere(Message):
    """A browser's sound stopped coming, or is there again."""

    leg: str
    at: str
    there: bool


@dataclass(frozen=True)
class BrowserTold(Message):
    """The answer to `BrowserSays`; `problem` says why there is none."""

    leg: str
    ticket: str
    body: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True)
class Played(Message):
    """A sound has ended."""

    play: str
    at: str
    complete: bool


@dataclass(frozen=True)
class Ended(Message):
    """The leg is gone: whether it had been answered, who of us asked for it, and the network's words."""

    leg: str
    at: str
    answered: bool
    asked: str
    code: int
    reason: str


@dataclass(frozen=True)
class Digit(Message):
    """A digit came in."""

    leg: str
    at: str
    digit: str


@dataclass(frozen=True)
class Measured(Message):
    """RTP packets that have come in and that are missing, since the answer."""

    leg: str
    received: int
    lost: int


@dataclass(frozen=True)
class Recorded(Message):
    """The recording is closed and may be read."""

    recording: str
    at: str
    seconds: float
    complete: bool
    gaps: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Note(Message):
    """Something for the log, with the conversation and call it is about. Never carries a number, name or address."""

    level: str
    text: str
    conversation: str = ""
    call: str = ""
