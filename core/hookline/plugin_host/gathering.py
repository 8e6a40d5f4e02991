"""What plugins contribute, gathered: once per plugin where it stands for as long as the plugin does, by name."""

from __future__ import annotations

import threading
from typing import Any

from hookline.plugin_host.dispatch import Dispatcher, OnError
from hookline.plugin_host.states import LOADED, NameClash, Owned, PluginStatus


class Gathering:
    """Asks contribute hooks. `on_unnamed` gets a plugin that registered something without a name: it has failed."""

    def __init__(self, dispatcher: Dispatcher, statuses: dict[str, PluginStatus], on_unnamed: OnError) -> None:
        self._dispatcher = dispatcher
        self._statuses = statuses
        self._on_unnamed = on_unnamed
        self._kept: dict[str, dict[str, list[Any]]] = {}
        self._named: dict[str, dict[str, Any]] = {}
        self._lock = threading.RLock()

    def drop(self, plugin: str) -> None:
        """Ask this plugin anew; the others' things stay the same ones, since they are in use."""
        with self._lock:
            self._named = {}
            for by_plugin in self._kept.values():
                by_plugin.pop(plugin, None)

    def anew(self, hook: str) -> list[Owned[Any]]:
        """What the loaded plugins contribute, asked now, by their names' order."""
        gathered: list[Owned[Any]] = []
        for one in sorted(self._dispatcher.implementations(hook), key=lambda i: i.plugin):
            if one.status.state in LOADED:
                gathered += [Owned(one.plugin, value) for value in self._dispatcher.contributed(hook, one)]
        return gathered

    def once(self, hook: str) -> list[Owned[Any]]:
        """As `anew`, each plugin asked once."""
        with self._lock:
            kept = self._kept.setdefault(hook, {})
            for one in self._dispatcher.implementations(hook):
                if one.plugin not in kept and one.status.state in LOADED:
                    kept[one.plugin] = self._dispatcher.contributed(hook, one)
            return [Owned(plugin, value) for plugin in sorted(kept) for value in kept[plugin]]

    def named(self, hook: str, what: str, *, own: bool = False) -> dict[str, Any]:
        """By name, gathered once. `own`: the names must begin with their plugin's. Raises NameClash."""
        with self._lock:
            if hook not in self._named:
                owned = self.once(hook)
                if own:
                    _require_own_names(owned, what)
                self._named[hook] = self.by_name(owned, what)
            return self._named[hook]

    def by_name(self, owned: list[Owned[Any]], what: str) -> dict[str, Any]:
        """The things by their names; two of one name are a NameClash."""
        found: dict[str, Owned[Any]] = {}
        for item in owned:
            name = getattr(item.value, "name", None)
            if not isinstance(name, str):
                self._on_unnamed(item.plugin, what, TypeError(f"{type(item.value).__name__} has no name"))
                continue
            if name in found:
                raise NameClash(
                    f"Plugins {found[name].plugin} and {item.plugin} both register the {what} {name}.",
                    "Disable one of them.",
                )
            found[name] = item
        return {name: item.value for name, item in found.items()}


def _require_own_names(owned: list[Owned[Any]], what: str) -> None:
    for item in owned:
        name = str(getattr(item.value, "name", ""))
        if name and name.partition(".")[0] != item.plugin:
            raise NameClash(
                f"Plugin {item.plugin} registers the {what} {name}.", f"Its name must begin with {item.plugin}."
            )
