"""One SIP backend for a whole module of SIPp tests: each test calls from the same room, and may hold it to it."""

from __future__ import annotations

from collections.abc import Callable

from hookline.ports.telephony import HangupCause, LegAnswered, LegEnded
from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.sipp_peer import SippPeer

ROOM = "room"
Play = Callable[..., SippPeer]
"""`play(name, **fields)` or `play(script=…)`: start SIPp and point the trunk to it."""


def all_ended(caller: Caller) -> bool:
    """Whether every leg that said anything has ended."""
    legs = {event.leg_id for event in caller.log.events}
    return all(caller.events(LegEnded, leg) for leg in legs)


def call_once_more(caller: Caller, plain: SippPeer) -> None:
    """The same cell places another call, to somebody who does nothing odd."""
    cell = caller.backend.cell_pid(ROOM)
    assert cell is not None, "the cell has not survived"
    caller.network = plain.network
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    assert caller.backend.cell_pid(ROOM) == cell
