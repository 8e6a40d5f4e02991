"""The names that are taken: by core and by the plugins that run here."""

from __future__ import annotations

from collections.abc import Iterable

from hookline.permissions import CORE_PERMISSIONS
from hookline.plugin_host.host import PluginHost
from hookline.plugin_host.probe import NAMED


def names_in_use(host: PluginHost, core_jobs: Iterable[str] = ()) -> dict[str, dict[str, str]]:
    """Kind of thing -> name -> who has it."""
    taken: dict[str, dict[str, str]] = {
        "permission": dict.fromkeys(CORE_PERMISSIONS, "core"),
        "job": dict.fromkeys(core_jobs, "core"),
    }
    for hook, what in NAMED.items():
        own = taken.setdefault(what, {})
        for item in host.contributed(hook):
            own[str(getattr(item.value, "name", ""))] = item.plugin
    return taken
