"""Loads plugins and is the only place that calls pluggy: typed questions, each implementation guarded by itself.

Plain pluggy is not enough: one raising implementation destroys every other plugin's results, and a first-result veto
without an implementation returns None, which reads as "allowed".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError

from hookline.api import ApiResource
from hookline.contributions import NavigationItem, PacerKind, Panel, Permission, PluginContext, Policy, WebPart
from hookline.data_holders import DataHolder
from hookline.domain.campaigns import Purpose
from hookline.domain.dialling import DialRequest
from hookline.domain.results import DisposedCall
from hookline.health import HealthCheck
from hookline.jobs import Job
from hookline.plugin_host.asking import PolicyAsker
from hookline.plugin_host.dispatch import Dispatcher
from hookline.plugin_host.faults import Budget, Fault, FaultBook, fault_of
from hookline.plugin_host.gathering import Gathering
from hookline.plugin_host.loading import PluginLoader
from hookline.plugin_host.states import LOADED, NameClash, Owned, PluginState, PluginStatus
from hookline.plugin_host.timings import TimingRow
from hookline.plugin_host.workers import Late, Workers
from hookline.ports.hooks import PolicyAnswer
from hookline.ports.scripts import ScriptEngine
from hookline.ports.telephony import TelephonyBackend
from hookline.text import N_

__all__ = ["Budget", "NameClash", "Owned", "PluginHost", "PluginState", "PluginStatus"]

log = structlog.get_logger(__name__)

#: A plugin that is not imported and made within so long has failed.
LOAD_SECONDS = 30


class PluginHost:
    """Knows the plugins, their states, and puts the questions to them.

    Of plugins that do not come with Hookline, those named in `enabled` are loaded; None stands for all of them.
    """

    def __init__(
        self,
        disabled: Iterable[str] = (),
        budget: Budget = Budget(),  # noqa: B008 - frozen
        load_seconds: float = LOAD_SECONDS,
        enabled: Iterable[str] | None = None,
    ) -> None:
        self._workers = Workers("plugin")
        self._loader = PluginLoader(disabled, enabled, self._workers, load_seconds, self.mark_failed)
        self._manager = self._loader.manager
        self.statuses = self._loader.statuses
        self.manifests = self._loader.manifests
        self._dispatcher = Dispatcher(
            self._manager, self.statuses, self._workers, self.count_error, self._contribution_failed
        )
        self._gathering = Gathering(self._dispatcher, self.statuses, self._unnamed)
        self._faults = FaultBook(budget, self._overspent)
        self._asker = PolicyAsker(self._workers, self.count)
        self._on_quarantine: list[Callable[[Fault], None]] = []

    # Loading

    def discover(self) -> None:
        """Find installed plugins by their entry points and read their manifests; imports none of them."""
        self._loader.discover()

    def load(self, make_context: Callable[[str], PluginContext]) -> None:
        """Import and register every active plugin; one that fails is marked and the rest goes on."""
        self._loader.load(make_context)
        self._dispatcher.forget()

    def register(self, name: str, hooks: object) -> None:
        """Register one plugin's hooks; unknown hooks are refused by name, never ignored."""
        self._loader.register(name, hooks)
        self._changed(name)

    def import_only(self, name: str) -> bool:
        """Import a plugin before it is enabled; whether that worked, else its status says why not."""
        self._loader.import_only(name)
        return self.statuses[name].state is not PluginState.FAILED

    def is_stuck(self, name: str) -> bool:
        """Whether the plugin hung when it was loaded: nothing of it may be imported in this process."""
        return name in self._loader.stuck

    def enable(self, name: str, make_context: Callable[[str], PluginContext]) -> None:
        """Load a plugin while running; its status says how that went."""
        self._loader.enable(name, make_context)
        self._changed(name)

    def retire(self, name: str) -> None:
        """Take a plugin out while running: from now on it is asked nothing and what it contributed is gone."""
        self._loader.retire(name)
        self._changed(name)

    def contributed(self, hook: str) -> list[Owned[Any]]:
        """What plugins contribute by a hook whose things stand as long as their plugin does, with their owners."""
        return self._gathering.once(hook)

    def owners(self, hook: str) -> dict[str, str]:
        """Who contributed what by such a hook: the things' names, and their plugins."""
        return {str(getattr(owned.value, "name", "")): owned.plugin for owned in self.contributed(hook)}

    def rule_owners(self, purpose: Purpose, required: Collection[str]) -> set[str]:
        """The plugins of policies that are required by name or meant for the purpose, in force or not."""
        found = self.contributed("hookline_register_policies")
        return {o.plugin for o in found if o.value.name in required or purpose in o.value.default_for}

    def backends_of(self, plugin: str) -> list[str]:
        """Names of a plugin's telephony backends."""
        found = self.contributed("hookline_register_telephony_backends")
        return [owned.value.name for owned in found if owned.plugin == plugin]

    def hooks_of(self, plugin: str) -> list[str]:
        """Names of the hooks that a loaded plugin implements."""
        registered = self._manager.get_plugin(plugin)
        callers = self._manager.get_hookcallers(registered) if registered is not None else None
        return sorted(caller.name for caller in callers or ())

    def is_closing(self, backend: str) -> bool:
        """Whether a telephony backend takes no new calls, since its plugin is being disabled."""
        closing = [name for name, status in self.statuses.items() if status.state is PluginState.CLOSING]
        return any(backend in self.backends_of(plugin) for plugin in closing)

    def require_no_clash(self) -> None:
        """Raise NameClash where two plugins contribute things of one name."""
        for gather in (
            self.policies,
            self.backends,
            self.script_engines,
            self.pacers,
            self.permissions,
            self.jobs,
            self.data_holders,
            self.health_checks,
        ):
            gather()

    def _changed(self, plugin: str) -> None:
        self._dispatcher.forget()
        self._gathering.drop(plugin)

    def is_active(self, plugin: str) -> bool:
        """Whether the plugin is there, enabled and sound."""
        return plugin in self.statuses and self.statuses[plugin].state is PluginState.ACTIVE

    # Faults and quarantine

    def mark_failed(self, name: str, note_id: str, error: BaseException, **params: object) -> None:
        """Take a plugin out of service, with a note for the operator (see `PluginLoader.mark_failed`)."""
        self._loader.mark_failed(name, note_id, error, **params)
        fault = fault_of(name, str(params.get("hook", "")), error)
        self._faults.keep(fault)
        if isinstance(error, Late):
            log.error("plugin hangs", plugin=name, where=list(fault.frames))

    def _contribution_failed(self, plugin: str, hook: str, error: BaseException) -> None:
        self.mark_failed(plugin, N_("It raised in %(hook)s: %(error)s"), error, hook=hook)

    def _unnamed(self, plugin: str, what: str, error: BaseException) -> None:
        self.mark_failed(plugin, N_("It registered something that is no %(what)s: %(error)s"), error, what=what)

    def count_error(self, plugin: str, place: str, error: BaseException) -> None:
        """Count an error that was isolated (of a hook, page or panel) against the plugin's budget; log and keep it."""
        log.error("plugin raised", plugin=plugin, place=place, error_type=type(error).__name__, exc_info=error)
        fault = fault_of(plugin, place, error)
        if _is_the_databases(error):
            self.statuses[plugin].errors += 1
            self._faults.keep(fault)
        else:
            self.count(fault)

    def count(self, fault: Fault) -> None:
        """As `count_error`, of a fault that is in the log already."""
        self.statuses[fault.plugin].errors += 1
        self._faults.note(fault)

    def faults(self, plugin: str) -> list[Fault]:
        """The plugin's last faults in this process, newest first."""
        return self._faults.latest(plugin)

    def _overspent(self, fault: Fault) -> None:
        if self.is_active(fault.plugin):
            log.error("plugin quarantined", plugin=fault.plugin, place=fault.place)
            self.quarantine(fault.plugin)
            for tell in self._on_quarantine:
                tell(fault)

    def on_quarantine(self, tell: Callable[[Fault], None]) -> None:
        """Call `tell` with the last fault when a plugin has spent its budget; on the thread of that fault."""
        self._on_quarantine.append(tell)

    def quarantine(self, plugin: str) -> None:
        """Stop a plugin that is active: its pages, panels, jobs and notify hooks.

        Its policies go on being asked, so that stopping it loosens nothing, but are no longer in force for campaigns
        that require them. Its telephony backend and script engine stay, so that calls go on.
        """
        if self.is_active(plugin):
            note = N_("It was stopped after too many errors. Bring it back once its author has mended it.")
            self.statuses[plugin].stand(PluginState.QUARANTINED, note)

    def release(self, plugin: str) -> None:
        """Bring a quarantined plugin back, with its whole budget."""
        status = self.statuses[plugin]
        if status.state is PluginState.QUARANTINED:
            self._faults.forgive(plugin)
            status.stand(PluginState.ACTIVE)
            status.errors = 0

    def timings(self) -> list[TimingRow]:
        """How long plugins took in their hooks, by plugin and hook, in this process."""
        return self._dispatcher.timings()

    def hanging(self) -> dict[str, int]:
        """How many policy calls hang now, by plugin."""
        return self._asker.hanging()

    # Asking: each implementation by itself

    def dial_refusals(self, request: DialRequest) -> list[PolicyAnswer]:
        """Ask every policy; an error or a late answer is a refusal. A quarantined plugin's are asked too."""
        active, quarantined = PluginState.ACTIVE, PluginState.QUARANTINED
        asked = [
            one
            for one in self._dispatcher.implementations("hookline_dial_refusals")
            if (state := one.status.state) is active or state is quarantined
        ]
        return self._asker.ask(asked, request)

    def listeners(self) -> list[str]:
        """Active plugins that are told by notify hooks."""
        told = self._dispatcher.implementations("hookline_call_disposed")
        return sorted(one.plugin for one in told if one.status.state is PluginState.ACTIVE)

    def call_disposed(self, call: DisposedCall, to: str | None = None) -> None:
        """Notify every plugin, or the one named, on this thread; an error is isolated and counted."""
        self._dispatcher.notify("hookline_call_disposed", call, to=to)

    def select_caller_id(self, request: DialRequest, backend: str) -> str | None:
        """The first plugin's choice; an error propagates (the call is not placed)."""
        chosen: str | None = self._dispatcher.choose("hookline_select_caller_id", request, backend)
        return chosen

    # What plugins contribute

    def policies(self) -> dict[str, Policy]:
        """Policies in force, by name."""
        gathered = self._gathering.once("hookline_register_policies")
        return self._gathering.by_name([o for o in gathered if self.is_active(o.plugin)], "policy")

    def backends(self) -> dict[str, TelephonyBackend]:
        """Telephony backends by name; gathered once."""
        return self._gathering.named("hookline_register_telephony_backends", "backend")

    def script_engines(self) -> dict[str, ScriptEngine]:
        """Script engines by name; gathered once."""
        return self._gathering.named("hookline_register_script_engines", "script engine")

    def pacers(self) -> dict[str, PacerKind]:
        """Plugins' pacers by name; one that does not begin with its plugin's name is refused."""
        return self._gathering.named("hookline_register_pacers", "pacer", own=True)

    def permissions(self) -> dict[str, Permission]:
        """Plugins' permissions by name."""
        return self._gathering.named("hookline_register_permissions", "permission")

    def jobs(self) -> dict[str, Job]:
        """Plugins' jobs by name; one that does not begin with its plugin's name is refused."""
        return self._gathering.named("hookline_register_jobs", "job", own=True)

    def data_holders(self) -> dict[str, DataHolder]:
        """Plugins' data holders by name; one that does not begin with its plugin's name is refused."""
        return self._gathering.named("hookline_register_data_holders", "data holder", own=True)

    def health_checks(self) -> dict[str, HealthCheck]:
        """Plugins' health checks by name; one that does not begin with its plugin's name is refused."""
        return self._gathering.named("hookline_register_health_checks", "health check", own=True)

    def web_parts(self) -> list[Owned[WebPart]]:
        """Blueprints, with their plugins."""
        return self._gathering.anew("hookline_register_web_parts")

    def navigation(self) -> list[Owned[NavigationItem]]:
        """Menu entries, with their plugins."""
        return self._gathering.anew("hookline_register_navigation")

    def panels(self) -> list[Owned[Panel]]:
        """Panels, with their plugins."""
        return self._gathering.anew("hookline_register_panels")

    def api_resources(self) -> list[Owned[ApiResource]]:
        """Resources of the JSON API, with their plugins."""
        return self._gathering.anew("hookline_register_api_resources")

    def active_packages(self) -> dict[str, str]:
        """Import package of each loaded plugin, by plugin name: for migrations, help and translations."""
        return {n: m.package for n, m in self.manifests.items() if self.statuses[n].state in LOADED}

    def close(self) -> None:
        """Let go of the threads."""
        self._workers.close()


def _is_the_databases(error: BaseException) -> bool:
    """Whether the database was away or busy: seen, but not charged to the plugin that happened to need it."""
    return isinstance(error, OperationalError) and "no such" not in str(error.orig)
