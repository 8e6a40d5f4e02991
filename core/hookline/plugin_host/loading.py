"""Finds, imports and registers plugins. One that cannot be loaded is marked, and the rest goes on."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable

import pluggy
import structlog

from hookline.contributions import PluginContext
from hookline.hookspecs import data, dialling, health, jobs, results, scripts, telephony, web
from hookline.plugin_host import contract
from hookline.plugin_host.discovery import discover, take_stock
from hookline.plugin_host.manifest import Manifest
from hookline.plugin_host.states import PluginState, PluginStatus
from hookline.text import N_

log = structlog.get_logger(__name__)


class PluginLoader:
    """Knows the installed plugins and their states; `manager` is pluggy's."""

    def __init__(self, disabled: Iterable[str]) -> None:
        self._disabled = frozenset(disabled)
        self.manager = pluggy.PluginManager("hookline")
        for spec in (telephony, dialling, results, scripts, jobs, data, health, web):
            self.manager.add_hookspecs(spec)
        self.statuses: dict[str, PluginStatus] = {}
        self.manifests: dict[str, Manifest] = {}

    def discover(self) -> None:
        """Find installed plugins by their entry points and read their manifests; imports none of them."""
        found = discover(self._disabled)
        self.manifests.update(found.manifests)
        self.statuses.update(found.statuses)

    def load(self, make_context: Callable[[str], PluginContext]) -> None:
        """Import and register every active plugin; one that fails is marked and the rest goes on."""
        for name in self.manifests:
            if self.statuses[name].state is PluginState.ACTIVE:
                self._load_one(name, make_context)

    def _load_one(self, name: str, make_context: Callable[[str], PluginContext]) -> None:
        try:
            module = importlib.import_module(f"{self.manifests[name].package}.hooks")
            self.register(name, module.Hooks(make_context(name)))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a plugin's exit is not ours
            self.mark_failed(name, N_("It could not be loaded: %(error)s"), error)

    def enable(self, name: str, make_context: Callable[[str], PluginContext]) -> None:
        """Load a plugin that is not loaded; its status says how that went."""
        self.retire(name)
        take_stock(self.manifests[name], self.statuses[name])
        if self.statuses[name].state is PluginState.ACTIVE:
            self._load_one(name, make_context)

    def retire(self, name: str) -> None:
        """Take a plugin out, as if it had been disabled at the start; its modules stay in memory, asked by nobody."""
        self.statuses[name].stand(PluginState.DISABLED)
        if self.manager.has_plugin(name):
            self.manager.unregister(name=name)

    def register(self, name: str, hooks: object) -> None:
        """Register one plugin's hooks; unknown hooks are refused by name, never ignored."""
        self.statuses.setdefault(name, PluginStatus(name, name, "?", PluginState.ACTIVE))
        contract.refuse_unknown(name, hooks, contract.known_hooks(self.manager))
        contract.warn_of_deprecated(name, hooks, self.manager)
        self.manager.register(hooks, name=name)
        self.manager.check_pending()

    def mark_failed(self, name: str, note_id: str, error: BaseException, **params: object) -> None:
        """Take a plugin out of service, with a note for the operator: a message id, "%(error)s" and `params` in it."""
        status = self.statuses[name]
        said = str(error) if isinstance(error, Exception) and str(error) else f"{type(error).__name__} {error}".strip()
        status.stand(PluginState.FAILED, note_id, error=said, **params)
        status.errors += 1
        log.error("plugin failed", plugin=name, reason=note_id, error_type=type(error).__name__, exc_info=error)
