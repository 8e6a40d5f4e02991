"""Where a leg is to be, told from what was asked of its room: in the conference, or aside.

Twilio's conferences know no pairs: everybody hears everybody, but for who is muted, on hold, or coaches one other. So
a leg enters the conference only once it may hear, and be heard by, all who are there; else it waits aside, in TwiML of
its own, where it can be played sounds and its keys are heard. Nobody ever hears one to whom he is not bridged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hookline.ports.telephony import LegKind, SupervisionMode

if TYPE_CHECKING:
    from hookline_telephony_twilio.table import LegEntry, PlayEntry, RoomEntry

CONFERENCE_PREFIX = "hl-"


@dataclass(frozen=True)
class Place:
    """A leg's place. `conference` "" is aside, with the sound `play`; `coaches` is a leg's id."""

    conference: str = ""
    play: str = ""
    muted: bool = False
    coaches: str = ""
    ends_it: bool = False

    @property
    def entrance(self) -> tuple[str, str, bool]:
        """What takes another document; the rest is set while the leg is in its conference."""
        return self.conference, self.play, self.ends_it


def conference_name(conversation_id: str) -> str:
    """The conference's name at Twilio: no person's data."""
    return CONFERENCE_PREFIX + conversation_id


def places(room: RoomEntry) -> Mapping[str, Place]:
    """Every answered leg's place."""
    floor = _floor(room)
    return {leg.leg_id: _place(room, leg, floor) for leg in room.legs.values() if leg.answered}


def heard_play(room: RoomEntry, leg: LegEntry) -> PlayEntry | None:
    """The sound that the leg is to hear now: its own, or a partner's that is played aloud."""
    if leg.plays:
        return leg.plays[-1]
    if leg.held:
        return None
    for partner in _partners(room, leg.leg_id):
        other = room.legs.get(partner)
        for play in other.plays if other else ():
            if play.aloud and leg.leg_id not in play.heard_by:
                return play
    return None


def _place(room: RoomEntry, leg: LegEntry, floor: list[str]) -> Place:
    play = heard_play(room, leg)
    if play is not None:
        return Place(play=play.play_id)
    name = conference_name(room.conversation_id)
    if leg.kind is LegKind.SUPERVISOR:
        return _supervisors_place(room, leg, name, floor)
    if leg.leg_id in floor:
        return Place(conference=name, muted=leg.muted, ends_it=bool(leg.tied_to))
    return Place()


def _supervisors_place(room: RoomEntry, leg: LegEntry, name: str, floor: list[str]) -> Place:
    agent = next((other for other in floor if room.legs[other].kind is LegKind.AGENT), "")
    if leg.mode is SupervisionMode.OFF or not agent:
        return Place()
    if leg.mode is SupervisionMode.BARGE:
        return Place(conference=name, muted=leg.muted)
    if leg.mode is SupervisionMode.WHISPER and not leg.muted:
        return Place(conference=name, coaches=agent)
    return Place(conference=name, muted=True)


def _floor(room: RoomEntry) -> list[str]:
    """Who is in the conference, supervisors apart: agents first, then in the order of their bridges."""
    there: list[str] = []
    for leg_id in _order(room):
        leg = room.legs.get(leg_id)
        if leg is None or not leg.answered or leg.held or heard_play(room, leg) is not None:
            continue
        if all(frozenset((leg_id, other)) in room.bridges for other in there):
            there.append(leg_id)
    return there


def _order(room: RoomEntry) -> list[str]:
    watched = any(leg.kind is LegKind.SUPERVISOR and leg.mode is not SupervisionMode.OFF for leg in room.legs.values())
    bridged = list(dict.fromkeys(leg_id for pair in room.bridges for leg_id in sorted(pair)))
    agents = [
        leg.leg_id for leg in room.legs.values() if leg.kind is LegKind.AGENT and (watched or leg.leg_id in bridged)
    ]
    return list(dict.fromkeys([*agents, *bridged]))


def _partners(room: RoomEntry, leg_id: str) -> list[str]:
    return [other for pair in room.bridges if leg_id in pair for other in pair if other != leg_id]
