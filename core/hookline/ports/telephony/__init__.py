"""The telephony port: what Hookline asks of a telephone backend, and what it is told back."""

from hookline.ports.telephony.backend import MendsRecordings, Problem, ReachesBrowsersElsewhere, TelephonyBackend
from hookline.ports.telephony.commands import ConnectStation, PlaceCall, Play
from hookline.ports.telephony.errors import NoCapacity, NoSuchLeg, TelephonyError
from hookline.ports.telephony.events import (
    AnswererDetected,
    CallOffered,
    DtmfReceived,
    EventSink,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegRinging,
    PlayFinished,
    RecordingFinished,
    StationBack,
    StationLost,
)
from hookline.ports.telephony.words import Answerer, Capability, HangupCause, LegKind, StationKind, SupervisionMode

__all__ = [
    "Answerer",
    "AnswererDetected",
    "CallOffered",
    "Capability",
    "ConnectStation",
    "DtmfReceived",
    "EventSink",
    "HangupCause",
    "LegAnswered",
    "LegEnded",
    "LegEvent",
    "LegKind",
    "LegRinging",
    "MendsRecordings",
    "NoCapacity",
    "NoSuchLeg",
    "PlaceCall",
    "Play",
    "PlayFinished",
    "Problem",
    "ReachesBrowsersElsewhere",
    "RecordingFinished",
    "StationBack",
    "StationKind",
    "StationLost",
    "SupervisionMode",
    "TelephonyBackend",
    "TelephonyError",
]
