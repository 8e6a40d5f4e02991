"""Calls plugins' hooks, each implementation guarded by itself and timed.

What pluggy needs a look-up and a copy for at each call is worked out once here, so that guarding and timing cost no
more than plain pluggy does.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import pluggy

from hookline.plugin_host.states import PluginState, PluginStatus
from hookline.plugin_host.timings import HookTiming, TimingRow, row_of
from hookline.plugin_host.workers import Workers
from hookline.ports.hooks import PolicyAnswer

#: A contribute hook that takes longer than this keeps nobody waiting: its plugin is marked failed.
CONTRIBUTE_SECONDS = 10.0

#: What is done about an error of a plugin in a hook.
OnError = Callable[[str, str, BaseException], None]


class Implementation:
    """One plugin's implementation of one hook. `call` takes the hook's arguments in the order of its spec."""

    __slots__ = ("call", "consent", "plugin", "status", "timing")

    def __init__(self, plugin: str, status: PluginStatus, call: Callable[..., Any], timing: HookTiming) -> None:
        self.plugin = plugin
        self.status = status
        self.call = call
        self.timing = timing
        self.consent = PolicyAnswer(plugin, ())


class Dispatcher:
    """Asks the implementations that `manager` knows. `on_error` gets what they raise, `on_failed` where that is final.

    `forget` must be called whenever a plugin was registered or taken out.
    """

    def __init__(
        self,
        manager: pluggy.PluginManager,
        statuses: dict[str, PluginStatus],
        workers: Workers,
        on_error: OnError,
        on_failed: OnError,
    ) -> None:
        self._manager = manager
        self._statuses = statuses
        self._workers = workers
        self._on_error = on_error
        self._on_failed = on_failed
        self._found: dict[str, tuple[Implementation, ...]] = {}
        self._timings: dict[tuple[str, str], HookTiming] = {}

    def forget(self) -> None:
        """Look the implementations up anew."""
        self._found = {}

    def implementations(self, hook: str) -> tuple[Implementation, ...]:
        """Every registered implementation, the last registered first, as pluggy asks them."""
        found = self._found.get(hook)
        if found is None:
            caller = getattr(self._manager.hook, hook)
            order = caller.spec.argnames
            found = tuple(self._prepared(hook, i, order) for i in reversed(caller.get_hookimpls()))
            self._found[hook] = found
        return found

    def _prepared(self, hook: str, found: Any, order: tuple[str, ...]) -> Implementation:
        timing = self._timings.setdefault((found.plugin_name, hook), HookTiming())
        status = self._statuses[found.plugin_name]
        return Implementation(found.plugin_name, status, _in_order(found.function, found.argnames, order), timing)

    def notify(self, hook: str, *arguments: Any, to: str | None = None) -> None:
        """Tell every active plugin (or the one named); an error is isolated and counted."""
        active = PluginState.ACTIVE
        began = perf_counter_ns()
        for one in self.implementations(hook):
            if one.status.state is not active or (to is not None and one.plugin != to):
                continue
            try:
                one.call(*arguments)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._on_error(one.plugin, hook, error)
            now = perf_counter_ns()
            took = now - began
            one.timing.add(took)
            if took > one.timing.longest:
                one.timing.longest = took
            began = now

    def choose(self, hook: str, *arguments: Any) -> Any:
        """The first answer that is not None; an error propagates."""
        active = PluginState.ACTIVE
        for one in self.implementations(hook):
            if one.status.state is active:
                began = perf_counter_ns()
                try:
                    answer = one.call(*arguments)
                finally:
                    took = perf_counter_ns() - began
                    one.timing.add(took)
                    if took > one.timing.longest:
                        one.timing.longest = took
                if answer is not None:
                    return answer
        return None

    def contributed(self, hook: str, one: Implementation) -> list[Any]:
        """What one plugin contributes; nothing where it raises or hangs, which is final."""
        began = perf_counter_ns()
        try:
            return self._workers.within(CONTRIBUTE_SECONDS, lambda: list(one.call() or []))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self._on_failed(one.plugin, hook, error)
        finally:
            took = perf_counter_ns() - began
            one.timing.add(took)
            one.timing.longest = max(took, one.timing.longest)
        return []

    def timings(self) -> list[TimingRow]:
        """How long each plugin took in each hook that it was asked, by plugin and hook."""
        rows = (row_of(plugin, hook, timing) for (plugin, hook), timing in sorted(self._timings.items()))
        return [row for row in rows if row is not None]


def _in_order(function: Callable[..., Any], named: tuple[str, ...], order: tuple[str, ...]) -> Callable[..., Any]:
    """Call with the spec's arguments in their order what names only some of them, or in another order."""
    if named == order:
        return function
    places = [order.index(name) for name in named]
    return lambda *arguments: function(*[arguments[place] for place in places])
