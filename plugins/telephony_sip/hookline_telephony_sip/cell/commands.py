"""What the parent tells a cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hookline_telephony_sip.cell.message import Message


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
