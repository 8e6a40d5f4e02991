"""What carries a leg's voice, as the room sees it: a SIP call (`native.NativeCall`), a browser's sound
(`webrtc.BrowserLine`), or a wire to another cell (`wire.Wire`).

A line decides nothing. It tells of itself by facts, appended to the deque it was given, from any thread; everything
that is called here is called on the owner thread, and every method of pjsua2 as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, ClassVar, Protocol

from hookline_telephony_sip.pieces import Assembled


class CallState(Enum):
    """The states that matter here."""

    TRYING = auto()
    RINGING = auto()
    CONNECTING = auto()  # the answer is here, the ACK is not out; its headers are told with it
    ANSWERED = auto()
    GONE = auto()


class Sound(Enum):
    """Whether audio flows, as the last offer and answer left it."""

    NONE = auto()
    ACTIVE = auto()
    REMOTE_HOLD = auto()
    LOCAL_HOLD = auto()


@dataclass(frozen=True)
class StateChanged:
    """The line's state, with the network's last words (SIP status; 0 where there are none). GONE comes once, last."""

    leg: str
    state: CallState
    code: int = 0
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # custom ones, of an answer
    contact: str = ""  # where the far side's later requests may come from


@dataclass(frozen=True)
class SoundChanged:
    """Audio starts, stops or moves to another port: `Line.port` is asked again."""

    leg: str
    sound: Sound


@dataclass(frozen=True)
class Replied:
    """The far side has sent something, if only 100 Trying."""

    leg: str


@dataclass(frozen=True)
class CameIn:
    """A call that was announced by its token has come in and waits for `NativeCall.accept`."""

    leg: str
    line: Line


@dataclass(frozen=True)
class DigitHeard:
    """A keypad digit came in."""

    leg: str
    digit: str


@dataclass(frozen=True)
class Presence:
    """A browser's sound stopped coming (False), or is there again (True). The line stays either way."""

    leg: str
    there: bool


@dataclass(frozen=True)
class BrowserAnswered:
    """The answer to `BrowserLine.hear`; `problem` is a sentence in English where there is none."""

    leg: str
    ticket: str
    body: Mapping[str, object]
    problem: str = ""


@dataclass(frozen=True)
class Vanished:
    """The line is lost for good: the browser did not come back in time. The leg ends as LOST; the room calls `end`."""

    leg: str


@dataclass(frozen=True)
class HandlerFailed:
    """A callback raised; the text names the error only."""

    leg: str
    text: str


@dataclass(frozen=True)
class RecordingAssembled:
    """A recording is whole and may be read."""

    recording: str
    done: Assembled

    @property
    def leg(self) -> str:
        """None: it is about a recording."""
        return ""


Fact = (
    StateChanged
    | SoundChanged
    | Replied
    | CameIn
    | DigitHeard
    | Presence
    | BrowserAnswered
    | Vanished
    | HandlerFailed
    | RecordingAssembled
)
Facts = deque[Fact]


class Line(Protocol):
    """One leg's way to its person."""

    #: Whether hold is told to the far side, which then moves `Sound` to LOCAL_HOLD; else it is done by mixing alone.
    tells_hold: ClassVar[bool]

    def end(self) -> None:
        """End it; a StateChanged to GONE follows, perhaps before this returns. May be called twice."""
        ...

    def port(self) -> Any:
        """Its AudioMedia on the conference bridge, None while it has none. It may be another one after SoundChanged."""
        ...

    def send_digits(self, digits: str) -> None:
        """Send keypad digits to the far side; a browser has no use for them."""
        ...

    def offer_hold(self, on: bool) -> None:
        """Tell the far side of hold; called only where `tells_hold`."""
        ...

    def received(self) -> tuple[int, int]:
        """RTP packets (or frames) that have come in, and that are missing, since the answer."""
        ...


class BrowserLine(Line, Protocol):
    """A line to a browser, as `webrtc.Browsers.open_line` returns it."""

    def hear(self, ticket: str, body: Mapping[str, object]) -> None:
        """A message of the browser's; BrowserAnswered with this ticket follows within a second."""
        ...
