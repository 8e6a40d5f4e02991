"""Cells' reports as the port's leg events."""

from __future__ import annotations

from datetime import datetime

from hookline.ports.telephony import (
    Answerer,
    AnswererDetected,
    DtmfReceived,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegRinging,
    PlayFinished,
    RecordingFinished,
    StationBack,
    StationLost,
)
from hookline_telephony_sip.addresses import custom_words
from hookline_telephony_sip.causes import Asked, hangup_cause
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.pieces import assemble
from hookline_telephony_sip.table import LegEntry, RecordingEntry


def leg_event(room: str, report: msg.Message) -> LegEvent | None:
    """The event for a report about a leg; None for a report that is about none."""
    match report:
        case msg.Ringing(leg=leg, at=at):
            return LegRinging(conversation_id=room, leg_id=leg, at=_moment(at))
        case msg.Answered(leg=leg, at=at, headers=headers):
            return LegAnswered(conversation_id=room, leg_id=leg, at=_moment(at), headers=custom_words(headers))
        case msg.Digit(leg=leg, at=at, digit=digit):
            return DtmfReceived(conversation_id=room, leg_id=leg, at=_moment(at), digit=digit)
        case msg.BrowserThere(leg=leg, at=at, there=there):
            kind = StationBack if there else StationLost
            return kind(conversation_id=room, leg_id=leg, at=_moment(at))
        case msg.Detected(leg=leg, at=at):
            who, after = Answerer(report.answerer), round(report.after, 3)
            return AnswererDetected(conversation_id=room, leg_id=leg, at=_moment(at), answerer=who, after_seconds=after)
        case msg.Ended(leg=leg, at=at):
            cause = hangup_cause(answered=report.answered, asked=Asked(report.asked), code=report.code)
            return LegEnded(
                conversation_id=room, leg_id=leg, at=_moment(at), cause=cause, code=report.code, reason=report.reason
            )
    return None


def play_event(leg: LegEntry, report: msg.Played) -> PlayFinished:
    """The event for a sound that has ended."""
    return PlayFinished(
        conversation_id=leg.room.name,
        leg_id=leg.name,
        at=_moment(report.at),
        play_id=report.play,
        complete=report.complete,
    )


def recording_event(entry: RecordingEntry, report: msg.Recorded) -> RecordingFinished:
    """The event for a recording that the cell has closed."""
    return RecordingFinished(
        conversation_id=entry.conversation,
        leg_id=entry.leg,
        at=_moment(report.at),
        recording_id=entry.name,
        path=entry.path,
        seconds=report.seconds,
        complete=report.complete,
        gaps=tuple((at, length) for at, length in report.gaps),
    )


def lost_recording(entry: RecordingEntry, at: datetime, clock_rate: int) -> RecordingFinished:
    """The event for a recording that no cell will close any more; what there is of it is put together here."""
    found = assemble(entry.path, clock_rate)
    return RecordingFinished(
        conversation_id=entry.conversation,
        leg_id=entry.leg,
        at=at,
        recording_id=entry.name,
        path=entry.path,
        seconds=found.seconds,
        complete=False,
        gaps=found.gaps,
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
