"""The telephony port: what Hookline asks of a telephone backend, and what it is told back.

A backend translates its vendor's callbacks into the plain-data `LegEvent`s below and nothing else: it decides
nothing, runs no hook, and hands events to one sink. Legs and conversations carry *our* ids.

A **conversation** is the room in which legs hear each other: the agent's leg lives there between calls, the
customer's leg comes and goes. `conversation_id` is chosen by the caller; the backend makes the room at the first
command that names it and frees it at `close_conversation`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol

from hookline.errors import HooklineError
from hookline.text import N_


class Capability(StrEnum):
    """What a backend says it can do; callers ask before they offer a control."""

    STATION = "station"
    PLACE = "place"
    BRIDGE = "bridge"
    HOLD = "hold"
    MUTE = "mute"
    DTMF_SEND = "dtmf_send"
    DTMF_RECEIVE = "dtmf_receive"
    RECORD = "record"


class LegKind(StrEnum):
    """Whose leg it is."""

    CUSTOMER = "customer"
    AGENT = "agent"


class HangupCause(StrEnum):
    """Why a leg ended, in the field's words. Backends map their own codes to these by one table."""

    NORMAL = "normal"  # hung up after it was answered, by the far side
    LOCAL = "local"  # hung up by our own `hang_up`, after it was answered
    CANCELLED = "cancelled"  # our own `hang_up` before it was answered
    BUSY = "busy"  # SIP 486, 600
    NO_ANSWER = "no_answer"  # our ring timer, SIP 480, 487 not asked for by us
    DECLINED = "declined"  # SIP 603
    INVALID_NUMBER = "invalid_number"  # SIP 404, 484, 604
    UNREACHABLE = "unreachable"  # SIP 408, 503, no route
    FAILED = "failed"  # anything else
    LOST = "lost"  # the cell or the media path died under it


class TelephonyError(HooklineError):
    """A command could not be carried out. `retryable` says whether the same command may work a moment later."""

    id = "telephony-error"
    status = 503

    def __init__(self, message: str, advice: str = "", *, retryable: bool) -> None:
        super().__init__(message, advice)
        self.retryable = retryable


class NoSuchLeg(TelephonyError):
    """The leg is unknown to the backend or has ended."""

    id = "no-such-leg"
    status = 404

    def __init__(self, leg_id: str) -> None:
        super().__init__(N_("This leg of the call is not there any more."), retryable=False)
        self.leg_id = leg_id


class NoCapacity(TelephonyError):
    """Every cell or channel of the backend is in use."""

    id = "no-capacity"

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message, advice, retryable=True)


@dataclass(frozen=True, kw_only=True)
class PlaceCall:
    """Place the customer's leg. Only the dial gate may send this to a backend.

    `number` is E.164. `ring_timeout_seconds` is measured from the command; at its end the leg ends as NO_ANSWER.
    `headers` are custom signalling headers (campaign and contact ids), where the backend can carry them.
    """

    conversation_id: str
    leg_id: str
    number: str
    caller_id: str
    ring_timeout_seconds: float
    client_id: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ConnectStation:
    """Ring the agent's station (for SIP: a phone's URI) and keep the leg in the conversation once it answers."""

    conversation_id: str
    leg_id: str
    address: str
    caller_id: str
    ring_timeout_seconds: float


@dataclass(frozen=True, kw_only=True)
class LegEvent:
    """Something happened to a leg. Events of one leg arrive in order; `at` is UTC."""

    conversation_id: str
    leg_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class LegRinging(LegEvent):
    """The far side rings (SIP 180 or 183). At most once per leg."""


@dataclass(frozen=True, kw_only=True)
class LegAnswered(LegEvent):
    """The far side answered. At most once per leg, before LegEnded."""


@dataclass(frozen=True, kw_only=True)
class LegEnded(LegEvent):
    """The leg is gone. Exactly once per leg for which a command was accepted; always its last event.

    `code` and `reason` are the network's own words (SIP status), 0 and empty where there are none.
    """

    cause: HangupCause
    code: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class DtmfReceived(LegEvent):
    """A digit came in (RFC 4733 or the backend's equivalent)."""

    digit: str


@dataclass(frozen=True, kw_only=True)
class RecordingFinished(LegEvent):
    """A recording was closed and its file may be read. Comes once for each started recording, also after a loss.

    `leg_id` is the customer leg that was recorded. `complete` is False where the cell died and the file holds
    only what had been written until then.
    """

    recording_id: str
    path: Path
    seconds: float
    complete: bool = True


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that keeps a backend from dialling, said to the person who can mend it."""

    id: str
    message: str
    advice: str


EventSink = Callable[[LegEvent], None]


class TelephonyBackend(Protocol):
    """One way of telephoning. Every method may be called from any thread and returns quickly: results come as events.

    Commands about a leg that has ended raise `NoSuchLeg`; commands that cannot be carried out now raise
    `TelephonyError`. Accepted commands always lead to events, `LegEnded` last.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this backend can do."""
        ...

    def start(self, sink: EventSink) -> None:
        """Begin; `sink` gets every event, from a thread of the backend's. Called once."""
        ...

    def stop(self) -> None:
        """Hang up everything, release processes and sockets. Blocks until done, at most some seconds."""
        ...

    def problems(self, client_id: int | None) -> list[Problem]:
        """What keeps calls for this client from going out (no trunk, missing package); empty when ready."""
        ...

    def default_caller_id(self, client_id: int | None) -> str | None:
        """The caller ID that the network side expects where a campaign names none."""
        ...

    def place_call(self, command: PlaceCall) -> None:
        """Place the customer's leg. **Called by the dial gate and nobody else** (an architecture test holds this)."""
        ...

    def connect_station(self, command: ConnectStation) -> None:
        """Ring the agent's station."""
        ...

    def hang_up(self, leg_id: str) -> None:
        """End the leg, whatever its state: CANCELLED before the answer, LOCAL after it."""
        ...

    def bridge(self, conversation_id: str, leg_a: str, leg_b: str) -> None:
        """Let two answered legs of the conversation hear each other."""
        ...

    def hold(self, leg_id: str, on: bool) -> None:
        """Put the leg on hold (it hears nobody, or hold music; nobody hears it) or take it back."""
        ...

    def mute(self, leg_id: str, on: bool) -> None:
        """Stop (or resume) what this leg says from reaching the others; it goes on hearing them."""
        ...

    def send_dtmf(self, leg_id: str, digits: str) -> None:
        """Send digits (0-9 * # A-D) to the far side of this leg (RFC 4733)."""
        ...

    def start_recording(self, conversation_id: str, leg_id: str, recording_id: str, path: Path) -> None:
        """Record both sides of the conversation with this customer leg into a WAV file at `path`."""
        ...

    def stop_recording(self, recording_id: str) -> None:
        """Close the recording. It also closes by itself when its leg ends."""
        ...

    def close_conversation(self, conversation_id: str) -> None:
        """Hang up the legs that are left and free the room. Naming an unknown one is no error."""
        ...
