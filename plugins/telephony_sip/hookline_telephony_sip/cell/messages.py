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
class Route:
    """One way to send an INVITE. `username` and `password` answer a digest challenge; empty for stations and IP trunks.

    `codecs` in the order of preference. `reply_within`: give it up where nothing, not even 100 Trying, has come in so
    many seconds; 0: the ring timer alone. `trunk` is told back when it is used.
    """

    uri: str
    from_uri: str
    username: str = ""
    password: str = field(default="", repr=False)
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    dtmf: str = "rfc4733"
    reply_within: float = 0.0
    trunk: int = 0


@dataclass(frozen=True)
class Dial(Message):
    """Send an INVITE by the first route; by the next where that one does not work.

    `call` is for the log only: the id by which its lines are found.
    """

    leg: str
    routes: tuple[Route, ...]
    ring_timeout: float
    headers: dict[str, str] = field(default_factory=dict)
    conversation: str = ""
    call: str = ""
    kind: str = "customer"
    detect: bool = False


@dataclass(frozen=True)
class Expect(Message):
    """A call will come in that carries this token: take it as this leg and answer it. `Expecting` says where to."""

    leg: str
    token: str
    conversation: str
    patience: float
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    dtmf: str = "rfc4733"
    call: str = ""


@dataclass(frozen=True)
class OpenBrowser(Message):
    """A leg whose voice is in a browser, which has so long to come, and to come back each time it was lost."""

    leg: str
    conversation: str
    kind: str
    grace: float
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()  # first and last; empty for any
    ice_servers: tuple[dict[str, Any], ...] = field(default=(), repr=False)  # a TURN password is in it


@dataclass(frozen=True)
class BrowserSays(Message):
    """A message of the leg's browser; answered by `BrowserTold` with its ticket."""

    leg: str
    ticket: str
    body: dict[str, Any]


@dataclass(frozen=True)
class OpenWire(Message):
    """A leg whose line is in another cell: its sound comes through these two datagram sockets (paths)."""

    leg: str
    conversation: str
    kind: str
    here: str
    there: str
    answered: bool


@dataclass(frozen=True)
class WireAnswered(Message):
    """The leg at the other end of the wire was answered."""

    leg: str


@dataclass(frozen=True)
class AttachWire(Message):
    """Exchange the sound of this leg, whose line is here, through these two sockets; its bridges here end."""

    leg: str
    here: str
    there: str


@dataclass(frozen=True)
class DetachWire(Message):
    """Its sound is exchanged here again."""

    leg: str


@dataclass(frozen=True)
class Move(Message):
    """The leg goes on in another conversation of this cell: its bridges, hold, mute and recordings end."""

    leg: str
    conversation: str


@dataclass(frozen=True)
class Transfer(Message):
    """Two legs go on with each other in another conversation; see the port."""

    leg_a: str
    leg_b: str
    conversation: str


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
class Unbridge(Message):
    """Take it back."""

    leg_a: str
    leg_b: str


@dataclass(frozen=True)
class Supervise(Message):
    """How a supervisor's leg takes part."""

    leg: str
    mode: str


@dataclass(frozen=True)
class PlaySound(Message):
    """Play a WAV file to the leg; `seconds` is its length."""

    play: str
    leg: str
    path: str
    seconds: float
    loop: bool
    aloud: bool


@dataclass(frozen=True)
class StopPlay(Message):
    """Stop it."""

    play: str


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
class PauseRecording(Message):
    """Leave out what is said, or go on."""

    recording: str
    on: bool


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


_KINDS: dict[str, type[Message]] = {
    kind.__name__: kind
    for kind in (
        *(Dial, Expect, OpenBrowser, BrowserSays, OpenWire, WireAnswered, AttachWire, DetachWire),
        *(Move, Transfer, HangUp, Bridge, Unbridge, Supervise, PlaySound, StopPlay, Hold, Mute),
        *(SendDigits, StartRecording, PauseRecording, StopRecording, Measure, Quit),
        *(Ready, Beat, Routed, Ringing, Answered, Expecting, Detected, BrowserThere, BrowserTold, Played),
        *(Ended, Digit, Measured, Recorded, Note),
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
        if kind is Dial:
            body["routes"] = tuple(Route(**route) for route in body["routes"])
        return kind(**body)
    except (TypeError, KeyError) as error:
        raise ValueError("a message with wrong fields") from error


def now_text() -> str:
    """This moment as messages carry it."""
    return datetime.now(UTC).isoformat()
