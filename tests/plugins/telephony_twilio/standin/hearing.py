"""Who hears whom, worked out from conferences, hold, mute, coaching and what is being played."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugins.telephony_twilio.standin.calls import Call


def heard_calls(call: Call) -> list[Call]:
    """The calls whose people this call's person hears just now."""
    if call.status != "in-progress" or call.person.gone:
        return []
    if call.peer is not None:
        return [call.peer] if call.peer.speaks() else []
    me = call.participant
    if me is None or me.hold or not me.conference.has_started():
        return []
    return [
        other.call
        for other in me.conference.participants.values()
        if other is not me and other.is_heard_by(me) and other.call.speaks()
    ]


def heard_pitches(call: Call) -> frozenset[int]:
    """Every pitch that is sent to this call: voices, and what is played to it."""
    if call.status != "in-progress":
        return frozenset()
    voices = {other.person.hertz for other in heard_calls(call)}
    return frozenset(voices) | played_pitches(call)


def played_pitches(call: Call) -> frozenset[int]:
    """The pitches of what is played to the call just now."""
    programs = [call.program]
    if call.participant is not None:
        programs += [call.participant.music, call.participant.announcement]
    if call.place is not None:
        programs.append(call.place.waiting)
    return frozenset().union(*(program.sounding for program in programs))
