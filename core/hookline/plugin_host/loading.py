"""Finds, imports and registers plugins. One that cannot be loaded is marked, and the rest goes on."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType

import pluggy
import structlog

from hookline.contributions import PluginContext
from hookline.hookspecs import data, dialling, health, jobs, pacing, results, scripts, telephony, web
from hookline.plugin_host import contract
from hookline.plugin_host.discovery import discover, take_stock
from hookline.plugin_host.manifest import Manifest
from hookline.plugin_host.states import PluginState, PluginStatus
from hookline.plugin_host.workers import Late, Workers
from hookline.text import N_

log = structlog.get_logger(__name__)


class PluginLoader:
    """Knows the installed plugins and their states; `manager` is pluggy's.

    A plugin that is not imported and made within `seconds` has failed; what `workers` do for it is left behind.
    `on_failed` gets a plugin that could not be loaded, and what else `mark_failed` takes.
    """

    def __init__(
        self,
        disabled: Iterable[str],
        enabled: Iterable[str] | None,
        workers: Workers,
        seconds: float,
        on_failed: Callable[..., None],
    ) -> None:
        self._disabled = frozenset(disabled)
        self._enabled = None if enabled is None else frozenset(enabled)
        self._workers = workers
        self._seconds = seconds
        self._on_failed = on_failed
        self.manager = bare_manager()
        self.statuses: dict[str, PluginStatus] = {}
        self.manifests: dict[str, Manifest] = {}
        #: Plugins that did not come to an end of being loaded: to import anything of theirs may hang, too.
        self.stuck: set[str] = set()

    def discover(self) -> None:
        """Find installed plugins by their entry points and read their manifests; imports none of them."""
        found = discover(self._disabled, self._enabled)
        self.manifests.update(found.manifests)
        self.statuses.update(found.statuses)

    def load(self, make_context: Callable[[str], PluginContext]) -> None:
        """Import and register every active plugin; one that fails is marked and the rest goes on."""
        for name in self.manifests:
            if self.statuses[name].state is PluginState.ACTIVE:
                self._load_one(name, make_context)

    def _load_one(self, name: str, make_context: Callable[[str], PluginContext]) -> None:
        def make() -> object:
            hooks: object = self._import(name).Hooks(make_context(name))
            return hooks

        with self._failing(name):
            self.register(name, self._workers.within(self._seconds, make))

    def _import(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.manifests[name].package}.hooks")

    def import_only(self, name: str) -> None:
        """Import a plugin that is to be enabled; its status says where that fails."""
        with self._failing(name):
            self._workers.within(self._seconds, lambda: self._import(name))

    @contextmanager
    def _failing(self, name: str) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a plugin's exit is not ours
            if not isinstance(error, Late):
                self._on_failed(name, N_("It could not be loaded: %(error)s"), error)
                return
            self.stuck.add(name)
            note = N_("It was not loaded within %(seconds)s s. The page Health shows where it hangs.")
            self._on_failed(name, note, error, seconds=f"{self._seconds:g}")

    def enable(self, name: str, make_context: Callable[[str], PluginContext]) -> None:
        """Load a plugin that is not loaded; its status says how that went."""
        self.retire(name)
        self.stuck.discard(name)
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


def bare_manager() -> pluggy.PluginManager:
    """One that knows every hook and no plugin."""
    manager = pluggy.PluginManager("hookline")
    for spec in (telephony, dialling, results, scripts, pacing, jobs, data, health, web):
        manager.add_hookspecs(spec)
    return manager
