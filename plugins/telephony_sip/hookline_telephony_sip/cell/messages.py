"""What the parent and a cell say to each other: every message by its name, and how a line is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hookline_telephony_sip.cell.commands import (
    AttachWire,
    Bridge,
    BrowserSays,
    DetachWire,
    Dial,
    Expect,
    HangUp,
    Hold,
    Measure,
    Move,
    Mute,
    OpenBrowser,
    OpenWire,
    PauseRecording,
    PlaySound,
    Quit,
    Route,
    SendDigits,
    StartRecording,
    StopPlay,
    StopRecording,
    Supervise,
    Transfer,
    Unbridge,
    WireAnswered,
)
from hookline_telephony_sip.cell.message import Message
from hookline_telephony_sip.cell.told import (
    Answered,
    Beat,
    BrowserThere,
    BrowserTold,
    Detected,
    Digit,
    Ended,
    Expecting,
    Measured,
    Note,
    Played,
    Ready,
    Recorded,
    Ringing,
    Routed,
)

__all__ = [
    "BEAT_SECONDS",
    "SILENCE_SECONDS",
    "Answered",
    "AttachWire",
    "Beat",
    "Bridge",
    "BrowserSays",
    "BrowserThere",
    "BrowserTold",
    "DetachWire",
    "Detected",
    "Dial",
    "Digit",
    "Ended",
    "Expect",
    "Expecting",
    "HangUp",
    "Hold",
    "Measure",
    "Measured",
    "Message",
    "Move",
    "Mute",
    "Note",
    "OpenBrowser",
    "OpenWire",
    "PauseRecording",
    "PlaySound",
    "Played",
    "Quit",
    "Ready",
    "Recorded",
    "Ringing",
    "Route",
    "Routed",
    "SendDigits",
    "StartRecording",
    "StopPlay",
    "StopRecording",
    "Supervise",
    "Transfer",
    "Unbridge",
    "WireAnswered",
    "decode",
    "now_text",
]

BEAT_SECONDS = 2.0
"""How often a cell says that its owner thread still turns."""

SILENCE_SECONDS = 20.0
"""A cell that has said nothing for so long is stuck and gets killed."""

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
