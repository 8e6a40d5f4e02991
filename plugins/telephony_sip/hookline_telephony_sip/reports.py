"""Cells' reports, and their deaths, as the port's events: what they mean for the table, and what is to be told.

Called under the backend's lock. A leg whose line is not at home is told of as ended when both are done with it: its
recordings and sounds are at home, and LegEnded is always the last event.
"""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from hookline.ports.telephony import HangupCause, LegEnded, LegEvent, PlayFinished
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.process import CellProcess
from hookline_telephony_sip.switchboard import Switchboard
from hookline_telephony_sip.table import CellEntry, LegEntry
from hookline_telephony_sip.translate import leg_event, lost_recording, play_event, recording_event

log = structlog.get_logger(__name__)


class Reports:
    """Reads them. `clock_rate`: of recordings that must be repaired."""

    def __init__(self, board: Switchboard, clock_rate: int) -> None:
        self._board = board
        self._table = board.table
        self._clock_rate = clock_rate

    def hear(self, cell: CellProcess, report: msg.Message) -> list[LegEvent]:
        """What one report means."""
        match report:
            case msg.Recorded(recording=name):
                recording = self._table.recordings.pop(name, None)
                return [recording_event(recording, report)] if recording else []
            case msg.Played(play=name):
                play = self._table.plays.pop(name, None)
                leg = self._table.legs.get(play.leg) if play else None
                return [play_event(leg, report)] if leg else []
        entry = self._table.legs.get(getattr(report, "leg", ""))
        place = self._table.cells.get(cell)
        if entry is None or place is None:
            return []
        if place is entry.carrier:
            return self._from_carrier(entry, report)
        if place is entry.room.home and isinstance(report, msg.Ended):
            return self._home_is_done(entry)
        return []

    def _from_carrier(self, entry: LegEntry, report: msg.Message) -> list[LegEvent]:
        if isinstance(report, msg.Routed):
            entry.trunk = report.trunk
            return []
        event = leg_event(entry.room.name, report)
        if isinstance(report, msg.Answered):
            entry.answered = True
            if entry.wired:
                entry.room.home.cell.send(msg.WireAnswered(entry.name))
        if not isinstance(event, LegEnded):
            return [event] if event else []
        entry.ending = event
        if entry.wired and not entry.home_done:
            entry.room.home.cell.send(msg.HangUp(entry.name))
            return []
        return self._end(entry)

    def _home_is_done(self, entry: LegEntry) -> list[LegEvent]:
        entry.home_done = True
        if entry.ending is not None:
            return self._end(entry)
        entry.carrier.cell.send(msg.HangUp(entry.name))  # it was ended by its partner, or the wire could not be laid
        return []

    def _end(self, entry: LegEntry) -> list[LegEvent]:
        """The leg is over everywhere: what belongs to it first, itself last."""
        ending = entry.ending
        if ending is None:
            return []
        # A cell closes what belongs to a leg before it reports the end: what is left was asked for too late, or lost.
        events: list[LegEvent] = []
        for recording in self._table.recordings_of(entry.name):
            del self._table.recordings[recording.name]
            events.append(lost_recording(recording, ending.at, self._clock_rate))
        for play in self._table.plays_of(entry.name):
            del self._table.plays[play.name]
            events.append(_stopped(entry, play.name, ending.at))
        self._table.drop_leg(entry)
        self._table.tidy(entry.room)
        self._board.release()
        return [*events, ending]

    def lose(self, cell: CellProcess) -> list[LegEvent]:
        """The cell is gone, in good order or not: whatever the table still has in it was lost."""
        place = self._table.cells.pop(cell, None)
        if place is None:
            return []
        touched = [entry for entry in self._table.legs.values() if place in (entry.carrier, entry.room.home)]
        if touched:
            log.error("cell_lost", cell=cell.number, legs=len(touched))
        now = datetime.now(UTC)
        events: list[LegEvent] = []
        for entry in touched:
            events += self._lose_leg(entry, place, now)
        for room in [room for room in self._table.rooms.values() if room.home is place]:
            del self._table.rooms[room.name]
        for recording in [item for item in self._table.recordings.values() if item.home is place]:
            del self._table.recordings[recording.name]
            events.append(lost_recording(recording, now, self._clock_rate))
        return events

    def _lose_leg(self, entry: LegEntry, place: CellEntry, now: datetime) -> list[LegEvent]:
        lost = LegEnded(conversation_id=entry.room.name, leg_id=entry.name, at=now, cause=HangupCause.LOST)
        entry.ending = entry.ending or lost
        if entry.room.home is not place:  # its line is lost, its recordings are not
            entry.room.home.cell.send(msg.HangUp(entry.name))
            return self._end(entry) if entry.home_done else []
        if entry.carrier is not place:
            entry.carrier.cell.send(msg.HangUp(entry.name))
        return self._end(entry)


def _stopped(entry: LegEntry, play: str, at: datetime) -> PlayFinished:
    return PlayFinished(conversation_id=entry.room.name, leg_id=entry.name, at=at, play_id=play, complete=False)
