"""Hooks of what came of a call."""

from __future__ import annotations

from hookline.domain.results import DisposedCall
from hookline.hookspecs.markers import hookspec


@hookspec
def hookline_call_disposed(call: DisposedCall) -> None:
    """The agent recorded a disposition. Since 1.0.

    Fires: after commit, at least once per disposition (possibly again after a crash: be safe to run twice), in order,
    on a thread of the plugin's own: a slow one falls behind alone. What happens while the plugin is quarantined it
    hears afterwards; what happens while it is disabled, never.
    call: the call and what came of it.
    Returns: nothing; a value is ignored.
    An error: logged and counted against the plugin's error budget; nobody else is affected, and the event does not come
    again. Each 10 s that a call takes count as an error, too; one that hangs when its plugin is stopped for that comes
    again once the plugin is back.
    """
