"""What the parent and a cell say to each other: one JSON object a line, plain data only."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

BEAT_SECONDS = 2.0
"""How often a cell says that its owner thread still turns."""

SILENCE_SECONDS = 20.0
"""A cell that has said nothing for so long is stuck and gets killed."""


class Message:
    """Base of every message."""

    def encode(self) -> bytes:
        """The message as one line."""
        body = {"is": type(self).__name__, **asdict(self)}  # type: ignore[call-overload]
        return json.dumps(body, separators=(",", ":")).encode() + b"\n"


# --- commands: parent to cell ---


@dataclass(frozen=True)
class Dial(Message):
    """Send an INVITE. `username` and `password` answer a digest challenge; empty for stations and IP trunks.

    `conversation` and `call` are for the log only: the ids by which its lines are found.
    """

    leg: str
    uri: str
    from_uri: str
    ring_timeout: float
    headers: dict[str, str] = field(default_factory=dict)
    username: str = ""
    password: str = field(default="", repr=False)
    conversation: str = ""
    call: str = ""


@dataclass(frozen=True)
class HangUp(Message):
    """End the leg."""

    leg: str


@dataclass(frozen=True)
class Bridge(Message):
    """Let two legs hear each other."""

    leg_a: str
    leg_b: str


@dataclass(frozen=True)
class Hold(Message):
    """Hold or take back the leg."""

    leg: str
    on: bool


@dataclass(frozen=True)
class Mute(Message):
    """Mute or unmute what the leg says."""

    leg: str
    on: bool


@dataclass(frozen=True)
class SendDigits(Message):
    """Send keypad digits."""

    leg: str
    digits: str


@dataclass(frozen=True)
class StartRecording(Message):
    """Record the conversation with this leg."""

    recording: str
    leg: str
    path: str


@dataclass(frozen=True)
class StopRecording(Message):
    """Close the recording."""

    recording: str


@dataclass(frozen=True)
class Measure(Message):
    """Tell what audio the leg has received; answered by `Measured`."""

    leg: str


@dataclass(frozen=True)
class Quit(Message):
    """Hang up everything and exit."""


# --- reports: cell to parent; `at` is ISO 8601 in UTC ---


@dataclass(frozen=True)
class Ready(Message):
    """The library runs; commands sent earlier are carried out now."""


@dataclass(frozen=True)
class Beat(Message):
    """The owner thread turns."""


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


@dataclass(frozen=True)
class Note(Message):
    """Something for the log, with the conversation and call it is about. Never carries a number, name or address."""

    level: str
    text: str
    conversation: str = ""
    call: str = ""


_KINDS: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (
        *(Dial, HangUp, Bridge, Hold, Mute, SendDigits, StartRecording, StopRecording, Measure, Quit),
        *(Ready, Beat, Ringing, Answered, Ended, Digit, Measured, Recorded, Note),
    )
}


def decode(line: bytes) -> Message:
    """The message in one line. Raises ValueError for anything that `encode` did not write."""
    body: Any = json.loads(line)
    if not isinstance(body, dict):
        raise ValueError("a message must be an object")
    kind = _KINDS.get(str(body.pop("is", "")))
    if kind is None:
        raise ValueError("unknown kind of message")
    try:
        return kind(**body)
    except TypeError as error:
        raise ValueError("a message with wrong fields") from error


def now_text() -> str:
    """This moment as messages carry it."""
    return datetime.now(UTC).isoformat()
