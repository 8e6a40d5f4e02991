"""Hooks of conversation scripts."""

from __future__ import annotations

from hookline.hookspecs.markers import hookspec
from hookline.ports.scripts import ScriptEngine


@hookspec
def hookline_register_script_engines() -> list[ScriptEngine]:
    """Contribute script engines, from whose scripts campaigns choose. Since 1.0.

    Fires: once at start.
    Returns: engines; an empty list for none. Two of one name are a start-up error.
    An error: the plugin is marked failed; campaigns with its scripts show a card in place of the script.
    """
