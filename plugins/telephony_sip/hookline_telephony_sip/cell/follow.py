"""What follows from the facts that lines tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pjsua2 as pj

from hookline_telephony_sip.causes import Asked
from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.cell.leg import Leg
from hookline_telephony_sip.cell.line import (
    BrowserAnswered,
    CallState,
    CameIn,
    DigitHeard,
    Fact,
    HandlerFailed,
    Presence,
    RecordingAssembled,
    Replied,
    SoundChanged,
    StateChanged,
    Vanished,
)
from hookline_telephony_sip.cell.links import leg_node
from hookline_telephony_sip.cell.native import NativeCall, error_text

if TYPE_CHECKING:
    from hookline_telephony_sip.cell.room import Room


def follow(room: Room, fact: Fact) -> None:
    """Do what the fact asks for."""
    if isinstance(fact, RecordingAssembled):
        room.recordings.take(fact, lambda name: _ended_at(room, name))
        return
    leg = room.legs.get(fact.leg)
    if isinstance(fact, BrowserAnswered):
        room.report(msg.BrowserTold(fact.leg, fact.ticket, dict(fact.body), fact.problem))
    elif isinstance(fact, HandlerFailed):
        room.complain(fact.text, fact.leg)
    elif isinstance(fact, CameIn):
        _take_in(room, leg, fact)
    elif leg is not None:
        _about_leg(room, leg, fact)
    elif isinstance(fact, StateChanged) and fact.state is CallState.GONE:
        room.calls.disowned_gone(fact.leg)


def _about_leg(room: Room, leg: Leg, fact: Fact) -> None:
    match fact:
        case StateChanged(state=CallState.GONE, code=code, reason=reason):
            leg.line = None
            if not room.dial_next(leg, code):
                room.conclude(leg, code, reason)
        case StateChanged():
            _progress(room, leg, fact)
        case Replied():
            leg.reply_deadline = None
        case SoundChanged(sound=sound):
            room.mixer.forget(leg_node(leg.name))
            leg.sound = sound
        case DigitHeard(digit=digit) if leg.alive:
            room.report(msg.Digit(leg.name, msg.now_text(), digit))
        case Presence(there=there) if leg.alive:
            room.report(msg.BrowserThere(leg.name, msg.now_text(), there))
        case Vanished():
            room.end(leg.name, Asked.VANISHED)


def _progress(room: Room, leg: Leg, fact: StateChanged) -> None:
    if not leg.alive:
        return  # its CANCEL and the answer have crossed; the library hangs up
    if fact.state is CallState.RINGING and not leg.rang:
        leg.rang = True
        room.report(msg.Ringing(leg.name, msg.now_text()))
    elif fact.state is CallState.CONNECTING:
        leg.headers = dict(fact.headers)
    elif fact.state is CallState.ANSWERED and not leg.answered:
        leg.answered, leg.answered_at = True, time.monotonic()
        room.peers.add_uri(fact.contact)
        room.report(msg.Answered(leg.name, msg.now_text(), dict(fact.headers) or leg.headers))
        if leg.detect:
            room.sounds.listen(leg.name)


def _take_in(room: Room, leg: Leg | None, fact: CameIn) -> None:
    """A call that was announced; where its leg has ended meanwhile it is hung up."""
    line = fact.line
    if not isinstance(line, NativeCall):
        return
    wanted = leg is not None and leg.alive
    if leg is not None and wanted:
        leg.line = line
    try:
        line.accept() if wanted else line.end()
    except pj.Error as error:  # the caller has gone in the same moment: the fact that says so is on its way
        room.complain(f"taking a call: {error_text(error)}", fact.leg)


def _ended_at(room: Room, name: str) -> str | None:
    leg = room.legs.get(name)
    return leg.ended.at if leg is not None and leg.ended is not None else None
