"""The parent's only memory: which leg, sound and recording is in which conversation, and in which cell.

A conversation has a home cell, where its sound is mixed. A leg's line may be in another cell, its carrier: the sound
of such a leg comes by a wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hookline.ports.telephony import LegEnded, LegKind, NoCapacity, NoSuchLeg
from hookline.text import N_
from hookline_telephony_sip.errors import DuplicateLeg, LegNotReady
from hookline_telephony_sip.process import CellProcess

MAX_LEGS = 12  # of one conversation: far more than people who can follow it


@dataclass(eq=False)
class CellEntry:
    """A cell in use. `shared`: it carries customers of several conversations, none of whose agents is here."""

    cell: CellProcess
    shared: bool
    rooms: set[str] = field(default_factory=set)  # keys of rooms whose home it is
    carried: dict[str, LegEntry] = field(default_factory=dict)  # legs whose line is here

    def natives(self) -> int:
        """How many of the library's calls are taken."""
        return sum(not leg.browser for leg in self.carried.values())

    @property
    def idle(self) -> bool:
        """Nobody is here."""
        return not self.rooms and not self.carried


@dataclass(eq=False)
class LegEntry:
    """A leg that has not ended. `ending`: it is over, and will be told of when its home is done with it."""

    name: str
    room: RoomEntry
    carrier: CellEntry
    kind: LegKind = LegKind.CUSTOMER
    browser: bool = False
    answered: bool = False
    trunk: int = 0
    offered: bool = False  # it rings at the listener and has no line yet
    ending: LegEnded | None = None
    home_done: bool = False

    @property
    def wired(self) -> bool:
        """Whether its line is elsewhere."""
        return self.carrier is not self.room.home


@dataclass(eq=False)
class RecordingEntry:
    """A recording that is not closed yet; `conversation` is the one in which it began."""

    name: str
    leg: str
    path: Path
    conversation: str
    home: CellEntry


@dataclass(eq=False)
class PlayEntry:
    """A sound under way."""

    name: str
    leg: str
    cell: CellEntry


@dataclass(eq=False)
class RoomEntry:
    """A conversation. `made_up`: nobody will close it, so it goes with its last leg."""

    name: str
    key: str  # unlike the name never used again
    home: CellEntry
    made_up: bool = False
    closing: bool = False
    legs: dict[str, LegEntry] = field(default_factory=dict)


class Table:
    """Lookups over all rooms. Not locked: the backend's lock guards it."""

    def __init__(self) -> None:
        self.rooms: dict[str, RoomEntry] = {}
        self.cells: dict[CellProcess, CellEntry] = {}
        self.legs: dict[str, LegEntry] = {}
        self.recordings: dict[str, RecordingEntry] = {}
        self.plays: dict[str, PlayEntry] = {}
        self._count = 0

    def add_cell(self, cell: CellProcess, *, shared: bool) -> CellEntry:
        """A cell is in use."""
        entry = CellEntry(cell, shared)
        self.cells[cell] = entry
        return entry

    def add_room(self, name: str, home: CellEntry, *, made_up: bool = False) -> RoomEntry:
        """A new conversation."""
        self._count += 1
        room = RoomEntry(name, f"{self._count}", home, made_up)
        self.rooms[name] = room
        home.rooms.add(room.key)
        home.cell.served += 1
        return room

    def close_room(self, name: str) -> RoomEntry | None:
        """The conversation's name is free again; its legs stay known until their ends are reported."""
        room = self.rooms.pop(name, None)
        if room is not None:
            room.closing = True
        return room

    def check_new_leg(self, name: str, room: RoomEntry | None) -> None:
        """Raises DuplicateLeg, NoCapacity."""
        if name in self.legs:
            raise DuplicateLeg("Leg", name)
        if room is not None and len(room.legs) >= MAX_LEGS:
            raise NoCapacity(
                N_("The conversation has as many legs as it can hold."), N_("Hang one up before adding another.")
            )

    def add_leg(self, entry: LegEntry) -> None:
        """A leg is about to be dialled."""
        entry.room.legs[entry.name] = entry
        entry.carrier.carried[entry.name] = entry
        self.legs[entry.name] = entry

    def leg(self, name: str) -> LegEntry:
        """Raises NoSuchLeg."""
        entry = self.legs.get(name)
        if entry is None or entry.ending is not None:
            raise NoSuchLeg(name)
        return entry

    def answered_leg(self, name: str) -> LegEntry:
        """Raises NoSuchLeg, LegNotReady."""
        entry = self.leg(name)
        if not entry.answered:
            raise LegNotReady(name)
        return entry

    def move(self, entry: LegEntry, room: RoomEntry) -> None:
        """The leg is in another conversation from now on."""
        entry.room.legs.pop(entry.name, None)
        entry.room = room
        room.legs[entry.name] = entry
        entry.home_done = False

    def drop_leg(self, entry: LegEntry) -> None:
        """The leg has ended."""
        entry.room.legs.pop(entry.name, None)
        entry.carrier.carried.pop(entry.name, None)
        self.legs.pop(entry.name, None)

    def tidy(self, room: RoomEntry) -> None:
        """Forget a room that nobody will use again."""
        if not room.legs and (room.closing or room.made_up):
            room.home.rooms.discard(room.key)
            if self.rooms.get(room.name) is room:
                del self.rooms[room.name]

    def idle_cells(self) -> list[CellEntry]:
        """Take out the cells that nobody uses any more."""
        idle = [entry for entry in self.cells.values() if entry.idle]
        for entry in idle:
            del self.cells[entry.cell]
        return idle

    def recordings_of(self, leg: str) -> list[RecordingEntry]:
        """Those that are not closed."""
        return [recording for recording in self.recordings.values() if recording.leg == leg]

    def plays_of(self, leg: str) -> list[PlayEntry]:
        """Those under way."""
        return [play for play in self.plays.values() if play.leg == leg]

    def on_trunk(self, trunk: int) -> int:
        """How many legs go over it now."""
        return sum(leg.trunk == trunk for leg in self.legs.values())
