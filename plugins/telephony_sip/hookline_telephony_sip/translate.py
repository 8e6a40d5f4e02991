"""Cells' reports as the port's leg events."""

from __future__ import annotations

from datetime import UTC, datetime

from hookline.ports.telephony import (
    DtmfReceived,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegRinging,
    RecordingFinished,
)
from hookline_telephony_sip.causes import Asked, hangup_cause
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.table import RecordingEntry, RoomEntry
from hookline_telephony_sip.wav import repair


def leg_event(room: RoomEntry, report: msg.Message) -> LegEvent | None:
    """The event for a report about a leg; None for a report that is about none."""
    match report:
        case msg.Ringing(leg=leg, at=at):
            return LegRinging(conversation_id=room.name, leg_id=leg, at=_moment(at))
        case msg.Answered(leg=leg, at=at):
            return LegAnswered(conversation_id=room.name, leg_id=leg, at=_moment(at))
        case msg.Digit(leg=leg, at=at, digit=digit):
            return DtmfReceived(conversation_id=room.name, leg_id=leg, at=_moment(at), digit=digit)
        case msg.Ended(leg=leg, at=at):
            cause = hangup_cause(answered=report.answered, asked=Asked(report.asked), code=report.code)
            return LegEnded(
                conversation_id=room.name,
                leg_id=leg,
                at=_moment(at),
                cause=cause,
                code=report.code,
                reason=report.reason,
            )
    return None


def recording_event(room: RoomEntry, entry: RecordingEntry, report: msg.Recorded) -> RecordingFinished:
    """The event for a recording that the cell has closed."""
    return RecordingFinished(
        conversation_id=room.name,
        leg_id=entry.leg,
        at=_moment(report.at),
        recording_id=entry.name,
        path=entry.path,
        seconds=report.seconds,
        complete=report.complete,
    )


def lost_recording(room: RoomEntry, entry: RecordingEntry, at: datetime, clock_rate: int) -> RecordingFinished:
    """The event for a recording that no cell will close any more; its file is made playable."""
    return RecordingFinished(
        conversation_id=room.name,
        leg_id=entry.leg,
        at=at,
        recording_id=entry.name,
        path=entry.path,
        seconds=_repaired_seconds(entry, clock_rate),
        complete=False,
    )


def lost_events(room: RoomEntry, clock_rate: int) -> list[LegEvent]:
    """What is to be said about everything that was in a cell which is gone: recordings first, then the ends."""
    now = datetime.now(UTC)
    events: list[LegEvent] = [lost_recording(room, entry, now, clock_rate) for entry in room.recordings.values()]
    events += [LegEnded(conversation_id=room.name, leg_id=name, at=now, cause=HangupCause.LOST) for name in room.legs]
    return events


def _repaired_seconds(entry: RecordingEntry, clock_rate: int) -> float:
    try:
        return repair(entry.path, clock_rate)
    except OSError:
        return 0.0  # the disk is full or gone: there is no recording, and the event still says so


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
