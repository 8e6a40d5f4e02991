"""Legs that move to another conversation: joined, or transferred as a pair."""

from __future__ import annotations

import secrets

from hookline_telephony_twilio.errors import IdInUse
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.table import LegEntry, PlayEntry
from hookline_telephony_twilio.taping import Taping


class Moves:
    """Moves them. Under the backend's lock."""

    def __init__(self, shared: Shared, taping: Taping) -> None:
        self._shared, self._taping = shared, taping

    def join(self, entry: LegEntry, conversation_id: str) -> None:
        """Bring the leg in; it is tied to nobody any more."""
        partner = self._shared.table.legs.get(entry.tied_to)
        if partner is not None:
            partner.tied_to = ""
        entry.tied_to = ""
        self._move(entry, conversation_id)
        self._shared.settle(conversation_id)

    def transfer(self, first: LegEntry, second: LegEntry, conversation_id: str) -> None:
        """Let the two go on by themselves, the first hearing it ring until the second answers. Raises IdInUse."""
        table = self._shared.table
        if conversation_id in table.rooms:
            raise IdInUse
        room = table.room(conversation_id, own=True)
        for entry in (first, second):
            self._move(entry, conversation_id)
        first.tied_to, second.tied_to = second.leg_id, first.leg_id
        if second.answered:
            room.bridges.append(frozenset((first.leg_id, second.leg_id)))
        else:
            ringing = PlayEntry(secrets.token_hex(16), first.leg_id, "", loop=True, aloud=False, internal=True)
            self.play(first, ringing)
        self._shared.settle(conversation_id)

    def play(self, entry: LegEntry, play: PlayEntry) -> None:
        """The leg hears this from now on."""
        self._shared.table.plays[play.play_id] = play
        entry.plays.append(play)
        self._shared.settle(entry.conversation_id)

    def _move(self, entry: LegEntry, conversation_id: str) -> None:
        table = self._shared.table
        for recording in [one for one in table.recordings.values() if one.leg_id == entry.leg_id]:
            self._taping.stop(recording.recording_id)
        self._shared.settle(table.move(entry, conversation_id).conversation_id)
