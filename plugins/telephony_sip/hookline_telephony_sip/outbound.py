"""Which trunk a call goes out by, and by which next where that one fails."""

from __future__ import annotations

from collections.abc import Callable

from hookline.ports.telephony import NoCapacity
from hookline.text import N_
from hookline_telephony_sip.cell.messages import Route
from hookline_telephony_sip.errors import Distrusted, NoTrunk
from hookline_telephony_sip.trunk import Trunk

MOST_ROUTES = 4


def usable_trunks(trunks: list[Trunk], busy: Callable[[int], int]) -> list[Trunk]:
    """The trunks that a call may try now, best first; `busy` says how many legs go over one.

    A trunk that does not answer OPTIONS is left out while another one does: where none does, the ping may be what is
    not answered. One whose certificate does not hold is never called. Raises NoTrunk, Distrusted, NoCapacity.
    """
    if not trunks:
        raise NoTrunk
    trunks = [trunk for trunk in trunks if not trunk.distrusted]
    if not trunks:
        raise Distrusted
    free = [trunk for trunk in trunks if not trunk.max_channels or busy(trunk.id) < trunk.max_channels]
    if not free:
        raise NoCapacity(
            N_("Every channel of the SIP trunks is in use."),
            N_("Wait until a call ends, or book more channels and say so under Trunks."),
        )
    answering = [trunk for trunk in free if not trunk.down]
    return (answering or free)[:MOST_ROUTES]


def routes(trunks: list[Trunk], number: str, caller_id: str, reply_seconds: float) -> tuple[Route, ...]:
    """The INVITEs to try, one after the other. Raises InvalidSipValue."""
    return tuple(
        Route(
            uri=trunk.request_uri(number),
            from_uri=trunk.from_uri(caller_id),
            username=trunk.username,
            password=trunk.password,
            codecs=tuple(trunk.codecs),
            dtmf=trunk.dtmf.value,
            reply_within=reply_seconds if trunk is not trunks[-1] else 0.0,
            trunk=trunk.id,
        )
        for trunk in trunks
    )
