"""The parent's only memory: which leg and which recording is in which conversation, and in which cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hookline.ports.telephony import NoCapacity, NoSuchLeg
from hookline_telephony_sip.errors import DuplicateLeg, LegNotReady
from hookline_telephony_sip.process import CellProcess

MAX_LEGS = 4  # calls that the library carries in one process


@dataclass
class LegEntry:
    """A leg that has not ended."""

    name: str
    room: RoomEntry
    answered: bool = False


@dataclass
class RecordingEntry:
    """A recording that is not closed yet."""

    name: str
    leg: str
    path: Path


@dataclass
class RoomEntry:
    """A conversation with its cell."""

    name: str
    cell: CellProcess
    legs: dict[str, LegEntry] = field(default_factory=dict)
    recordings: dict[str, RecordingEntry] = field(default_factory=dict)
    closing: bool = False


class Table:
    """Lookups over all rooms. Not locked: the backend's lock guards it."""

    def __init__(self) -> None:
        self.rooms: dict[str, RoomEntry] = {}
        self.by_cell: dict[CellProcess, RoomEntry] = {}
        self._legs: dict[str, LegEntry] = {}

    def add_room(self, name: str, cell: CellProcess) -> RoomEntry:
        """A new conversation."""
        room = RoomEntry(name, cell)
        self.rooms[name] = room
        self.by_cell[cell] = room
        return room

    def close_room(self, name: str) -> RoomEntry | None:
        """The conversation's name is free again; its legs stay known until their ends are reported."""
        room = self.rooms.pop(name, None)
        if room is not None:
            room.closing = True
        return room

    def drop_cell(self, cell: CellProcess) -> RoomEntry | None:
        """The cell is gone: so is its room, with the legs and recordings that are still in the answer."""
        room = self.by_cell.pop(cell, None)
        if room is None:
            return None
        if self.rooms.get(room.name) is room:
            del self.rooms[room.name]
        for name in room.legs:
            self._legs.pop(name, None)
        return room

    def check_new_leg(self, name: str, room: RoomEntry | None) -> None:
        """Raises DuplicateLeg, NoCapacity."""
        if name in self._legs:
            raise DuplicateLeg("Leg", name)
        if room is not None and len(room.legs) >= MAX_LEGS:
            raise NoCapacity(
                "The conversation has as many legs as a cell can hold.", "Hang one up before adding another."
            )

    def add_leg(self, name: str, room: RoomEntry) -> None:
        """A leg is about to be dialled."""
        entry = LegEntry(name, room)
        room.legs[name] = entry
        self._legs[name] = entry

    def leg(self, name: str) -> LegEntry:
        """Raises NoSuchLeg."""
        entry = self._legs.get(name)
        if entry is None:
            raise NoSuchLeg(name)
        return entry

    def answered_leg(self, name: str) -> LegEntry:
        """Raises NoSuchLeg, LegNotReady."""
        entry = self.leg(name)
        if not entry.answered:
            raise LegNotReady(name)
        return entry

    def drop_leg(self, entry: LegEntry) -> None:
        """The leg has ended."""
        entry.room.legs.pop(entry.name, None)
        self._legs.pop(entry.name, None)
