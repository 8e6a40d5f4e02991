"""What a plugin's own commands stand on: the installation, opened only where the plugin is in use there.

A plugin announces its click group by the entry point group `hookline.commands`; `hookline --help` lists it whether or
not the plugin is enabled, and asks no database for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hookline import bootstrap
from hookline.bootstrap import Runtime
from hookline.db import migrate
from hookline.errors import NotConfigured
from hookline.text import N_


@contextmanager
def opened(plugin: str) -> Iterator[tuple[Runtime, Any]]:
    """The installation and the plugin's settings, closed at the end of the block.

    Raises NotConfigured where the plugin is not active there, or the database lacks its tables.
    """
    runtime = bootstrap.build()
    try:
        _refuse_idle(runtime, plugin)
        yield runtime, runtime.plugin_settings(plugin).loaded()
    finally:
        runtime.close()


def _refuse_idle(runtime: Runtime, plugin: str) -> None:
    if not runtime.host.is_active(plugin):
        status = runtime.host.statuses.get(plugin)
        raise NotConfigured(
            N_("The plugin %(plugin)s is %(state)s in this installation, so its commands do nothing."),
            N_("hookline plugins list shows how it stands; hookline plugins enable %(plugin)s brings it back."),
            params={"plugin": plugin, "state": status.state.value if status else "not installed"},
        )
    if plugin in migrate.pending(runtime.db.engine, runtime.host.active_packages()):
        raise NotConfigured(
            N_("The database does not have the tables of plugin %(plugin)s yet."),
            N_("Type: hookline db upgrade"),
            params={"plugin": plugin},
        )
