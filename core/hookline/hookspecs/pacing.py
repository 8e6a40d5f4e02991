"""Hooks of pacing: how many calls a campaign places ahead of its agents."""

from __future__ import annotations

from hookline.contributions import PacerKind
from hookline.hookspecs.markers import hookspec


@hookspec
def hookline_register_pacers() -> list[PacerKind]:
    """Contribute pacers, from which predictive campaigns choose. Since 1.0.

    Fires: once at start. A pacer is made for each campaign that chose it, and asked once a second on the engine's
    thread, so it must answer within milliseconds and do no I/O. What it wants is held to the bounds of every pacer: no
    ready agent, no call; never above the limit; one call for each ready agent while the abandon ceiling is reached.
    Returns: pacers named "<plugin>.<pacer>"; an empty list for none. A name clash or a foreign name is a
    start-up error.
    An error: the plugin is marked failed. A campaign whose pacer is missing is dialled progressively and says so; an
    error while it is asked means that nothing is placed in that tick.
    """
