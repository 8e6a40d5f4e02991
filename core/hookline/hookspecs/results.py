"""Hooks of what came of a call."""

from __future__ import annotations

from hookline.domain.results import DisposedCall
from hookline.hookspecs.markers import hookspec


@hookspec
def hookline_call_disposed(call: DisposedCall) -> None:
    """The agent recorded a disposition. Since 1.0.

    Fires: after commit, at least once per disposition (possibly again after a crash: be safe to run twice).
    call: the call and what came of it.
    Returns: nothing; a value is ignored.
    An error: logged and counted against the plugin; nobody else is affected.
    """
