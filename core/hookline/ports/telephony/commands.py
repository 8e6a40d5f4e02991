"""What a backend is asked for in more than a few words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hookline.ports.telephony.words import LegKind, StationKind


@dataclass(frozen=True, kw_only=True)
class PlaceCall:
    """Place a leg to a number. Only the dial gate may send this to a backend, whatever the leg's kind.

    `number` is E.164. `ring_timeout_seconds` is measured from the command; at its end the leg ends as NO_ANSWER.
    `headers` are custom signalling headers (campaign and contact ids), where the backend can carry them.
    `kind` is CUSTOMER, or CONSULT for somebody whom the agent calls into the conversation.
    `detect_answerer` asks for an `AnswererDetected` after the answer.
    """

    conversation_id: str
    leg_id: str
    number: str
    caller_id: str
    ring_timeout_seconds: float
    client_id: int
    headers: dict[str, str] = field(default_factory=dict)
    kind: LegKind = LegKind.CUSTOMER
    detect_answerer: bool = False


@dataclass(frozen=True, kw_only=True)
class ConnectStation:
    """Connect a person's station and keep the leg in the conversation once it answers.

    SIP and NUMBER stations ring until `ring_timeout_seconds`. A BROWSER station's leg rings until the browser has
    spoken to the backend through `browser_message`, at most so long; afterwards it survives each loss of the browser
    for `ring_timeout_seconds`, in which the same leg may be taken up again, and then ends as LOST. A NUMBER
    station is called through a trunk of `client_id`; the number policies of the dial gate have allowed it before.
    `kind` is AGENT or SUPERVISOR; a supervisor hears nothing before `supervise`.
    """

    conversation_id: str
    leg_id: str
    address: str
    caller_id: str
    ring_timeout_seconds: float
    station: StationKind = StationKind.SIP
    kind: LegKind = LegKind.AGENT
    client_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Play:
    """Play a sound to one leg: a mono 16-bit WAV file of 8000 or 16000 Hz, once, or again and again.

    `aloud` lets the leg's partners hear it too (an announcement both must hear).
    """

    play_id: str
    leg_id: str
    path: Path
    loop: bool = False
    aloud: bool = False
