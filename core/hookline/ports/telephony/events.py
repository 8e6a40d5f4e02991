"""What a backend tells back: plain data about legs, in order for each leg."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hookline.ports.telephony.words import Answerer, HangupCause


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
    """The far side answered. At most once per leg, before LegEnded. `headers`: custom ones of its answer."""

    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CallOffered(LegEvent):
    """Somebody calls in. The backend made up `leg_id` and a conversation for it; the caller hears ringing.

    It is answered by `answer` or refused by `hang_up`; who gives up earlier leaves by LegEnded (CANCELLED). `number`
    is the caller's in E.164, empty where withheld; `dialled` the number called. `line` names the trunk or phone
    number of the backend's by which it came. `headers`: custom ones.
    """

    number: str
    dialled: str
    line: str
    client_id: int | None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AnswererDetected(LegEvent):
    """Who answered; once per answered leg that was placed with `detect_answerer`, at most 2 s after its answer.

    `after_seconds` is measured from the answer.
    """

    answerer: Answerer
    after_seconds: float


@dataclass(frozen=True, kw_only=True)
class StationLost(LegEvent):
    """A browser station's sound stopped coming; its leg stays for a while. Who hears it may be played hold music."""


@dataclass(frozen=True, kw_only=True)
class StationBack(LegEvent):
    """The browser station's sound is there again."""


@dataclass(frozen=True, kw_only=True)
class PlayFinished(LegEvent):
    """A sound was played to its end or stopped. Once for each accepted `play`, also where the leg ended."""

    play_id: str
    complete: bool


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
    only what had been written until then. `gaps` are its pauses: (second of the file, length of the pause in
    seconds); a paused second is not in the file, a short tone marks the place.
    """

    recording_id: str
    path: Path
    seconds: float
    complete: bool = True
    gaps: tuple[tuple[float, float], ...] = ()


EventSink = Callable[[LegEvent], None]
