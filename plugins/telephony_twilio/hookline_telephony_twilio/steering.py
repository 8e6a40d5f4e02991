"""Bringing legs to their places: what a room should be, step by step, told to Twilio.

A room's steps are done one after the other. Who is to hear less goes first: somebody leaves before another enters, a
whisper ends before the one it was for goes away. Nobody enters while somebody is still on the way out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import structlog

from hookline_telephony_twilio.ending import Ending
from hookline_telephony_twilio.places import Place, conference_name, places
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.table import LegEntry, RoomEntry

log = structlog.get_logger(__name__)
_FETCH_SECONDS = 4.0
_AGAIN_SECONDS = 0.25
_MOST_TRIES = 20


@dataclass
class _Step:
    entry: LegEntry
    have: Place
    want: Place

    @property
    def moves(self) -> bool:
        """Whether it takes another document."""
        return self.want.entrance != self.have.entrance

    @property
    def leaves(self) -> bool:
        """Whether the leg goes out of a conference."""
        return bool(self.have.conference) and self.moves

    @property
    def quiets(self) -> bool:
        """Whether somebody is heard by fewer afterwards."""
        return not self.moves and (self.want.muted or bool(self.have.coaches) or bool(self.want.coaches))

    @property
    def rank(self) -> int:
        """Which goes first."""
        return 0 if self.quiets else 1 if self.leaves else 2


class Steering:
    """Settles rooms."""

    def __init__(self, shared: Shared, ending: Ending) -> None:
        self._shared, self._ending = shared, ending
        self._tries: dict[str, int] = {}
        shared.settle = self.settle

    def settle(self, conversation_id: str) -> None:
        """Bring the room's legs to their places."""
        self._shared.works.do(f"room-{conversation_id}", lambda: self._settle(conversation_id))

    def _settle(self, conversation_id: str) -> None:
        while (step := self._next(conversation_id)) is not None:
            if not self._take(step):
                return

    def _next(self, conversation_id: str) -> _Step | None:
        with self._shared.lock:
            room = self._shared.table.rooms.get(conversation_id)
            if room is None:
                return None
            wanted = places(room)
            steps = [step for leg_id, want in wanted.items() if (step := _step(room, room.legs[leg_id], want))]
            steps.sort(key=lambda step: step.rank)
            if not steps or (steps[0].rank == 2 and self._somebody_leaves(room)):
                return None
            return steps[0]

    @staticmethod
    def _somebody_leaves(room: RoomEntry) -> bool:
        return any(
            leg.asked_for is not None and leg.place is not None and leg.place.conference and leg.ended is None
            for leg in room.legs.values()
        )

    def _take(self, step: _Step) -> bool:
        """Do it; False where the rest has to wait."""
        return self._redirect(step) if step.moves else self._adjust(step)

    def _redirect(self, step: _Step) -> bool:
        shared, entry = self._shared, step.entry
        with shared.lock:
            entry.asked_for, sid = step.want, entry.sid
        try:
            shared.rest_of(entry).redirect(sid, shared.address(f"voice/{entry.leg_id}"))
        except ProviderError as error:
            if not error.over:
                with shared.lock:
                    entry.asked_for = None
                raise
            self._is_over(entry, sid)
            return True
        asked = entry.asked_for
        if asked is not None:
            shared.timers.call_later(_FETCH_SECONDS, lambda: self._not_fetched(entry, asked))
        return True

    def _is_over(self, entry: LegEntry, sid: str) -> None:
        """Twilio says the call is not in progress: it has ended, and its message is on its way, or was lost."""
        with self._shared.lock:
            if sid == entry.sid:
                self._shared.works.later(_AGAIN_SECONDS, f"look-{entry.leg_id}", lambda: self._ending.look(entry))

    def _not_fetched(self, entry: LegEntry, asked: Place) -> None:
        with self._shared.lock:
            if entry.asked_for is asked and entry.ended is None:
                entry.asked_for = None
                self.settle(entry.conversation_id)

    def _adjust(self, step: _Step) -> bool:
        shared, entry, want = self._shared, step.entry, step.want
        with shared.lock:
            room = shared.table.room_of(entry)
            coached = room.legs.get(want.coaches)
            conference_sid, sid = room.conference_sid, entry.sid
        parameters: dict[str, object] = {"muted": want.muted}
        if coached is not None:
            parameters |= {"coaching": True, "call_sid_to_coach": coached.sid}
        elif step.have.coaches:
            parameters["coaching"] = False
        rest = shared.rest_of(entry)
        conference_sid = conference_sid or rest.conference_sid(conference_name(room.conversation_id))
        try:
            if not conference_sid:
                return self._again(entry)
            rest.set_participant(conference_sid, sid, **parameters)
        except ProviderError as error:
            if error.passing:
                raise
            with shared.lock:
                room.conference_sid = ""
            return self._again(entry)
        with shared.lock:
            self._tries.pop(entry.leg_id, None)
            if entry.place is not None and entry.place.entrance == want.entrance:
                entry.place = want
        return True

    def _again(self, entry: LegEntry) -> bool:
        """He has not entered yet, or has left: look again in a moment, not for ever."""
        tries = self._tries[entry.leg_id] = self._tries.get(entry.leg_id, 0) + 1
        if tries > _MOST_TRIES:
            log.warning("twilio_participant_not_found", leg=entry.leg_id)
            self._tries.pop(entry.leg_id, None)
            return False
        conversation_id = entry.conversation_id
        self._shared.works.later(_AGAIN_SECONDS, f"room-{conversation_id}", lambda: self._settle(conversation_id))
        return False


def _step(room: RoomEntry, entry: LegEntry, want: Place) -> _Step | None:
    if not entry.sid or entry.leaving is not None or entry.sending or entry.asked_for is not None:
        return None
    have = entry.place
    if have is None or have == want:
        return None  # it has not fetched its first document yet, which will be the right one
    if have.coaches and want.entrance != have.entrance:
        return _Step(entry, have, replace(have, coaches="", muted=True))  # a whisper ends before anybody moves
    coached = room.legs.get(want.coaches)
    if coached is not None and (coached.place is None or coached.place.conference != want.conference):
        return None  # he has to be there first; his entering settles the room anew
    return _Step(entry, have, want)


def entered(want: Place) -> Place:
    """What a leg has once it has fetched its document: who is to whisper enters muted, and coaches later."""
    return replace(want, coaches="", muted=True) if want.coaches else want
