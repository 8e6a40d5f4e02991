"""Loads plugins and is the only place that calls pluggy: typed questions, each implementation guarded by itself.

Plain pluggy is not enough: one raising implementation destroys every other plugin's results, and a first-result veto
without an implementation returns None, which reads as "allowed".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from typing import Any

import structlog

from hookline.api import ApiResource
from hookline.contributions import NavigationItem, Panel, Permission, PluginContext, Policy, WebPart
from hookline.data_holders import DataHolder
from hookline.domain.dialling import DialRequest, Refusal
from hookline.domain.results import DisposedCall
from hookline.health import HealthCheck
from hookline.jobs import Job
from hookline.plugin_host.loading import PluginLoader
from hookline.plugin_host.states import NameClash, Owned, PluginState, PluginStatus
from hookline.ports.hooks import PolicyAnswer
from hookline.ports.scripts import ScriptEngine
from hookline.ports.telephony import TelephonyBackend
from hookline.text import N_

__all__ = ["NameClash", "Owned", "PluginHost", "PluginState", "PluginStatus"]

log = structlog.get_logger(__name__)
#: A policy that answers later than this counts as a refusal.
POLICY_SECONDS = 2.0


class PluginHost:
    """Knows the plugins, their states, and puts the questions to them."""

    def __init__(self, disabled: Iterable[str] = ()) -> None:
        self._loader = PluginLoader(disabled)
        self._manager = self._loader.manager
        self.statuses = self._loader.statuses
        self.manifests = self._loader.manifests
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="policy")
        self._backends: dict[str, TelephonyBackend] | None = None
        self._engines: dict[str, ScriptEngine] | None = None

    # Loading

    def discover(self) -> None:
        """Find installed plugins by their entry points and read their manifests; imports none of them."""
        self._loader.discover()

    def load(self, make_context: Callable[[str], PluginContext]) -> None:
        """Import and register every active plugin; one that fails is marked and the rest goes on."""
        self._loader.load(make_context)

    def register(self, name: str, hooks: object) -> None:
        """Register one plugin's hooks; unknown hooks are refused by name, never ignored."""
        self._loader.register(name, hooks)

    def enable(self, name: str, make_context: Callable[[str], PluginContext]) -> None:
        """Load a plugin while running; its status says how that went."""
        self._loader.enable(name, make_context)
        self._backends = self._engines = None

    def retire(self, name: str) -> None:
        """Take a plugin out while running: from now on it is asked nothing and what it contributed is gone."""
        self._loader.retire(name)
        self._backends = self._engines = None

    def mark_failed(self, name: str, note_id: str, error: BaseException, **params: object) -> None:
        """Take a plugin out of service, with a note for the operator (see `PluginLoader.mark_failed`)."""
        self._loader.mark_failed(name, note_id, error, **params)

    # Asking: each implementation by itself

    def _implementations(self, hook: str) -> list[tuple[str, Callable[..., Any]]]:
        found = getattr(self._manager.hook, hook).get_hookimpls()
        # pluggy calls last registered first; so do we.
        return [(i.plugin_name, _call_with_known(i)) for i in reversed(found)]

    def is_active(self, plugin: str) -> bool:
        """Whether the plugin is there, enabled and sound."""
        return plugin in self.statuses and self.statuses[plugin].state is PluginState.ACTIVE

    def _contribute(self, hook: str) -> list[Owned[Any]]:
        gathered: list[Owned[Any]] = []
        for plugin, implementation in sorted(self._implementations(hook), key=lambda pair: pair[0]):
            if not self.is_active(plugin):
                continue
            try:
                gathered += [Owned(plugin, value) for value in implementation() or []]
            except Exception as error:
                self.mark_failed(plugin, N_("It raised in %(hook)s: %(error)s"), error, hook=hook)
        return gathered

    def _by_name(self, owned: list[Owned[Any]], what: str) -> dict[str, Any]:
        found: dict[str, Owned[Any]] = {}
        for item in owned:
            name = getattr(item.value, "name", None)
            if not isinstance(name, str):
                wrong = TypeError(f"{type(item.value).__name__} has no name")
                note = N_("It registered something that is no %(what)s: %(error)s")
                self.mark_failed(item.plugin, note, wrong, what=what)
                continue
            if name in found:
                raise NameClash(
                    f"Plugins {found[name].plugin} and {item.plugin} both register the {what} {name}.",
                    "Disable one of them.",
                )
            found[name] = item
        return {name: item.value for name, item in found.items()}

    def dial_refusals(self, request: DialRequest) -> list[PolicyAnswer]:
        """Ask every policy at once; an error or a late answer is a refusal."""
        asked = [
            (plugin, self._pool.submit(implementation, request=request))
            for plugin, implementation in self._implementations("hookline_dial_refusals")
            if self.is_active(plugin)
        ]
        answers: list[PolicyAnswer] = []
        for plugin, future in asked:
            try:
                answers.append(PolicyAnswer(plugin, _refusals(future.result(timeout=POLICY_SECONDS))))
            except LateError:
                answers.append(self._broken_policy(plugin, "did not answer in time"))
            except Exception as error:
                self.statuses[plugin].errors += 1
                log.error("policy raised", plugin=plugin, error_type=type(error).__name__, exc_info=error)
                answers.append(self._broken_policy(plugin, "failed"))
        return answers

    @staticmethod
    def _broken_policy(plugin: str, what: str) -> PolicyAnswer:
        message = f"The policy of plugin {plugin} {what}, so the call is not made. Tell your administrator."
        return PolicyAnswer(plugin, (Refusal(f"{plugin}.unanswered", message, "fail closed"),))

    def call_disposed(self, call: DisposedCall) -> None:
        """Notify every plugin; an error is isolated and counted."""
        for plugin, implementation in self._implementations("hookline_call_disposed"):
            if not self.is_active(plugin):
                continue
            try:
                implementation(call=call)
            except Exception as error:
                self.statuses[plugin].errors += 1
                log.error("hook raised", plugin=plugin, hook="hookline_call_disposed", exc_info=error)

    def select_caller_id(self, request: DialRequest, backend: str) -> str | None:
        """The first plugin's choice; an error propagates (the call is not placed)."""
        for plugin, implementation in self._implementations("hookline_select_caller_id"):
            if self.is_active(plugin):
                chosen: str | None = implementation(request=request, backend=backend)
                if chosen is not None:
                    return chosen
        return None

    def policies(self) -> dict[str, Policy]:
        """Policies in force, by name."""
        return self._by_name(self._contribute("hookline_register_policies"), "policy")

    def backends(self) -> dict[str, TelephonyBackend]:
        """Telephony backends by name; gathered once."""
        if self._backends is None:
            self._backends = self._by_name(self._contribute("hookline_register_telephony_backends"), "backend")
        return self._backends

    def script_engines(self) -> dict[str, ScriptEngine]:
        """Script engines by name; gathered once."""
        if self._engines is None:
            self._engines = self._by_name(self._contribute("hookline_register_script_engines"), "script engine")
        return self._engines

    def permissions(self) -> dict[str, Permission]:
        """Plugins' permissions by name."""
        return self._by_name(self._contribute("hookline_register_permissions"), "permission")

    def jobs(self) -> dict[str, Job]:
        """Plugins' jobs by name; one that does not begin with its plugin's name is refused."""
        return self._own_by_name("hookline_register_jobs", "job")

    def data_holders(self) -> dict[str, DataHolder]:
        """Plugins' data holders by name; one that does not begin with its plugin's name is refused."""
        return self._own_by_name("hookline_register_data_holders", "data holder")

    def health_checks(self) -> dict[str, HealthCheck]:
        """Plugins' health checks by name; one that does not begin with its plugin's name is refused."""
        return self._own_by_name("hookline_register_health_checks", "health check")

    def _own_by_name(self, hook: str, what: str) -> dict[str, Any]:
        """What plugins contribute under names that begin with their own."""
        owned = self._contribute(hook)
        for item in owned:
            if str(item.value.name).partition(".")[0] != item.plugin:
                raise NameClash(
                    f"Plugin {item.plugin} registers the {what} {item.value.name}.",
                    f"Its name must begin with {item.plugin}.",
                )
        return self._by_name(owned, what)

    def web_parts(self) -> list[Owned[WebPart]]:
        """Blueprints, with their plugins."""
        return self._contribute("hookline_register_web_parts")

    def navigation(self) -> list[Owned[NavigationItem]]:
        """Menu entries, with their plugins."""
        return self._contribute("hookline_register_navigation")

    def panels(self) -> list[Owned[Panel]]:
        """Panels, with their plugins."""
        return self._contribute("hookline_register_panels")

    def api_resources(self) -> list[Owned[ApiResource]]:
        """Resources of the JSON API, with their plugins."""
        return self._contribute("hookline_register_api_resources")

    def active_packages(self) -> dict[str, str]:
        """Import package of each active plugin, by plugin name: for migrations, help and translations."""
        return {n: m.package for n, m in self.manifests.items() if self.is_active(n)}

    def close(self) -> None:
        """Let go of the policy threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _refusals(answer: Any) -> tuple[Refusal, ...]:
    """What a policy answered; TypeError where it is no list of refusals, since nonsense is no permission."""
    refusals = () if answer is None else tuple(answer)
    if not all(isinstance(r, Refusal) for r in refusals):
        raise TypeError("the policy answered something else than refusals")
    return refusals


def _call_with_known(implementation: Any) -> Callable[..., Any]:
    """Call an implementation with only the parameters it names, as pluggy does: plugins may leave some out."""

    def call(**arguments: Any) -> Any:
        return implementation.function(**{name: arguments[name] for name in implementation.argnames})

    return call
