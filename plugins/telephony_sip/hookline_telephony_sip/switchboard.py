"""Places legs into cells and moves them between conversations.

Everything is called under the backend's lock; nothing here waits.
"""

from __future__ import annotations

import itertools
from pathlib import Path

from hookline.ports.telephony import LegKind, NoSuchLeg
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.errors import DuplicateLeg, LegNotReady
from hookline_telephony_sip.pool import CellPool
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.table import CellEntry, LegEntry, RoomEntry, Table


class Switchboard:
    """Which leg is where. `folder` holds the sockets of wires."""

    def __init__(self, pool: CellPool, settings: SipSettings, folder: Path) -> None:
        self.table = Table()
        self._pool = pool
        self._settings = settings
        self._folder = folder
        self._wires = itertools.count(1)

    # --- placing ---

    def place(self, conversation: str, leg: str, kind: LegKind, *, browser: bool = False) -> LegEntry:
        """Find a cell for a new leg; `begin` follows. Raises DuplicateLeg, NoCapacity.

        A conversation that begins with its customer begins in a cell that such customers share: while it rings nobody
        needs one of his own. One that begins with a station has a cell of its own. Where a conversation's cell has no
        free call the leg's line is in another.
        """
        room = self.table.rooms.get(conversation)
        self.table.check_new_leg(leg, room)
        if room is None:
            home = self._shared_cell(None) if kind is LegKind.CUSTOMER else self._own_cell()
            room = self.table.add_room(conversation, home)
        carrier = room.home
        if not browser and carrier.natives() >= self._places(carrier):
            carrier = self._shared_cell(room.home)
        entry = LegEntry(leg, room, carrier, kind, browser)
        self.table.add_leg(entry)
        return entry

    def begin(self, entry: LegEntry, command: msg.Message) -> None:
        """Send the command that makes the leg, and let its sound come home."""
        entry.carrier.cell.send(command)
        if entry.wired:
            self._wire(entry)

    def _places(self, entry: CellEntry) -> int:
        capacity = entry.cell.capacity
        return min(capacity, self._settings.ringing_per_cell) if entry.shared else capacity

    def _own_cell(self) -> CellEntry:
        return self.table.add_cell(self._pool.take(), shared=False)

    def _shared_cell(self, beside: CellEntry | None) -> CellEntry:
        """The fullest shared cell that has a place, so that the others may empty and be renewed."""
        open_cells = [
            entry
            for entry in self.table.cells.values()
            if entry.shared
            and entry is not beside
            and entry.cell.alive
            and entry.cell.served < self._settings.conversations_per_cell
            and entry.natives() < self._places(entry)
        ]
        if open_cells:
            return max(open_cells, key=CellEntry.natives)
        return self.table.add_cell(self._pool.take(), shared=True)

    def _wire(self, entry: LegEntry) -> None:
        number = next(self._wires)
        one, other = str(self._folder / f"{number}a"), str(self._folder / f"{number}b")
        entry.carrier.cell.send(msg.AttachWire(entry.name, one, other))
        wire = msg.OpenWire(entry.name, entry.room.name, entry.kind.value, other, one, entry.answered)
        entry.room.home.cell.send(wire)

    # --- moving ---

    def join(self, conversation: str, leg: str) -> None:
        """See the port. Raises NoSuchLeg, LegNotReady."""
        entry = self.table.answered_leg(leg)
        room = self.table.rooms.get(conversation) or self.table.add_room(conversation, entry.carrier)
        if room is entry.room:
            return
        former, was_wired = entry.room, entry.wired
        self.table.move(entry, room)
        if room.home is former.home:
            room.home.cell.send(msg.Move(leg, conversation))
        else:
            if was_wired:
                former.home.cell.send(msg.HangUp(leg))
                entry.carrier.cell.send(msg.DetachWire(leg))
            entry.carrier.cell.send(msg.Move(leg, conversation))
            if entry.wired:
                self._wire(entry)
        self.table.tidy(former)

    def transfer(self, conversation: str, leg_a: str, leg_b: str, new_conversation: str) -> None:
        """See the port. The new conversation keeps the home of the old one, where both are heard already.

        Raises NoSuchLeg, LegNotReady, DuplicateLeg.
        """
        one, other = self.table.answered_leg(leg_a), self.table.leg(leg_b)
        for entry in (one, other):
            if entry.room.name != conversation:
                raise NoSuchLeg(entry.name)
        if new_conversation in self.table.rooms:
            raise DuplicateLeg("Conversation", new_conversation)
        former = one.room
        room = self.table.add_room(new_conversation, former.home, made_up=True)
        room.home.cell.send(msg.Transfer(leg_a, leg_b, new_conversation))
        for entry in (one, other):
            self.table.move(entry, room)
        self.table.tidy(former)

    # --- commands that concern home and carrier ---

    def tell_home(self, entry: LegEntry, command: msg.Message) -> None:
        """What is done by mixing."""
        entry.room.home.cell.send(command)

    def tell_both(self, entry: LegEntry, command: msg.Message) -> None:
        """What is done by mixing and by signalling."""
        entry.carrier.cell.send(command)
        if entry.wired:
            entry.room.home.cell.send(command)

    def room_of(self, conversation: str, *legs: str) -> RoomEntry:
        """The conversation in which all these legs are. Raises NoSuchLeg."""
        for leg in legs:
            if self.table.leg(leg).room.name != conversation:
                raise NoSuchLeg(leg)
        return self.table.leg(legs[0]).room

    def ready(self, *legs: str) -> None:
        """Raises LegNotReady where a leg has not answered."""
        for leg in legs:
            if not self.table.leg(leg).answered:
                raise LegNotReady(leg)

    def close(self, conversation: str) -> None:
        """Hang up what is left in it; unknown is no error."""
        room = self.table.close_room(conversation)
        if room is None:
            return
        for entry in list(room.legs.values()):
            if entry.ending is None:
                entry.carrier.cell.send(msg.HangUp(entry.name))
        self.table.tidy(room)

    def release(self) -> None:
        """Give back the cells that nobody uses any more."""
        for entry in self.table.idle_cells():
            self._pool.give_back(entry.cell)
