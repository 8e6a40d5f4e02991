"""Hooks of personal data: who stores it."""

from __future__ import annotations

from hookline.data_holders import DataHolder
from hookline.hookspecs.markers import hookspec


@hookspec
def hookline_register_data_holders() -> list[DataHolder]:
    """Contribute data holders: say which personal data the plugin stores, and hand out and erase it. Since 1.0.

    Fires: once at start.
    Returns: holders named "<plugin>.<what>"; empty for a plugin that stores no personal data. A name clash or a foreign
    name is a start-up error. Every table with personal columns needs one.
    An error: the plugin is marked failed; exports and erasures say that its data could not be reached.
    """
