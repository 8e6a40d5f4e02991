"""The composition root: builds one installation's parts from its settings, and starts and stops its engine."""

from __future__ import annotations

from pathlib import Path

from hookline.bus import EventBus
from hookline.contributions import PluginContext
from hookline.db import migrate
from hookline.db.database import Database
from hookline.permissions import CORE_PERMISSIONS
from hookline.plugin_host.host import PluginHost
from hookline.ports.clock import Clock, SystemClock
from hookline.services.identity import IdentityService
from hookline.settings import Settings, load_settings


class Runtime:
    """Everything an installation is made of. Building it touches no network and starts no thread; `start` does."""

    def __init__(self, settings: Settings, clock: Clock | None = None, host: PluginHost | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        if settings.database_url.startswith("sqlite:"):
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.db = Database(settings.database_url, self.clock)
        self.bus = EventBus(self.db)
        self.host = host or PluginHost(settings.disabled_plugins)
        self.host.discover()
        self.host.load(self._plugin_context)
        self.permissions = {**CORE_PERMISSIONS, **self.host.permissions()}
        self.identity = IdentityService(self.db, self.permissions)

    def _plugin_context(self, name: str) -> PluginContext:
        data_dir: Path = self.settings.data_dir / "plugins" / name
        return PluginContext(self.db, self.clock, dict(self.settings.plugins.get(name, {})), data_dir)

    def migrate(self) -> None:
        """Bring the database up to this program: core, then each active plugin."""
        migrate.upgrade(self.db.engine, self.host.active_packages())

    def close(self) -> None:
        """Let go of threads and connections."""
        self.host.close()
        self.db.dispose()


def build(folder: Path | None = None) -> Runtime:
    """The installation in `folder` (default: HOOKLINE_HOME or the working folder)."""
    return Runtime(load_settings(folder))
