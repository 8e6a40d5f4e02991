"""What time brings to a leg: nobody answers, nothing is heard, a hold is to be tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pjsua2 as pj

from hookline_telephony_sip.causes import Asked
from hookline_telephony_sip.cell.leg import HOLD_RETRY_SECONDS, HOLD_TRIES, Leg
from hookline_telephony_sip.cell.native import error_text

if TYPE_CHECKING:
    from hookline_telephony_sip.cell.room import Room


def run_timers(room: Room, leg: Leg, now: float) -> None:
    """Look at every timer of the leg."""
    if leg.alive and not leg.answered:
        _before_the_answer(room, leg, now)
    if leg.ended is None and leg.end_deadline is not None and now >= leg.end_deadline:
        room.conclude(leg, 0, "")
    if leg.watch.due(now, room.options.media_timeout):
        _watch_sound(room, leg, now)
    if leg.hold_due(now):
        _hold(room, leg, now)


def _before_the_answer(room: Room, leg: Leg, now: float) -> None:
    if now >= leg.ring_deadline:
        room.end(leg.name, Asked.RING_TIMER)
    elif leg.reply_deadline is not None and now >= leg.reply_deadline:
        if not room.dial_next(leg, 0):
            room.end(leg.name, Asked.NO_REPLY)
    elif leg.waiting:
        room.dial(leg)
        if leg.waiting and now >= leg.wait_deadline:
            room.complain("no free call in the cell", leg.name)
            room.conclude(leg, 0, "")


def _hold(room: Room, leg: Leg, now: float) -> None:
    leg.hold_tries += 1
    leg.hold_retry_at = now + HOLD_RETRY_SECONDS
    try:
        if leg.line is not None:
            leg.line.offer_hold(leg.held)
    except pj.Error as error:
        if leg.hold_tries == HOLD_TRIES:
            room.complain(f"hold: {error_text(error)}", leg.name)


def _watch_sound(room: Room, leg: Leg, now: float) -> None:
    counts = leg.expects_sound and leg.line is not None and leg.line.tells_hold
    packets = room.heard(leg)[0] if counts else None
    if leg.watch.looked(packets, now) >= room.options.media_timeout:
        room.complain("a leg has brought no sound for too long", leg.name)
        room.end(leg.name, Asked.NO_SOUND)
