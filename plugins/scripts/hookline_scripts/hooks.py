"""The plugin's hook implementations; thin, they delegate."""

from __future__ import annotations

from hookline.contributions import PluginContext


class Hooks:
    """Made once at start."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context
