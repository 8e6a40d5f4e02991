"""Records which hooks of which plugin were called, with what, and what came of it."""

from __future__ import annotations

import functools
import inspect
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hookline.plugin_host.host import PluginHost

_KEPT = 10_000


@dataclass(frozen=True)
class HookCall:
    """One call of one implementation. `error` is what it raised; `result` is None then."""

    plugin: str
    hook: str
    arguments: dict[str, Any]
    result: Any = None
    error: Exception | None = None
    implementation: Callable[..., Any] = field(default=lambda: None, repr=False)

    def again(self) -> Any:
        """Make the same call once more, as after a crash (not recorded); what it returns, or raises."""
        return self.implementation(**self.arguments)


class HookCalls:
    """The calls so far, in the order in which they ended (the last ten thousand). Safe to fill from any thread."""

    def __init__(self) -> None:
        self._calls: deque[HookCall] = deque(maxlen=_KEPT)

    def __iter__(self) -> Iterator[HookCall]:
        """Every call, oldest first."""
        return iter(list(self._calls))

    def __len__(self) -> int:
        """How many."""
        return len(self._calls)

    def of(self, plugin: str, hook: str = "") -> list[HookCall]:
        """The calls of one plugin's implementations, or of one of them."""
        return [call for call in self if call.plugin == plugin and hook in ("", call.hook)]

    def clear(self) -> None:
        """Forget what was called up to now."""
        self._calls.clear()

    def watch(self, plugin: str, hooks: object) -> None:
        """Record every call of the implementations in a plugin's `Hooks` object from now on."""
        for name, method in inspect.getmembers(hooks, callable):
            if name.startswith("hookline_"):
                setattr(hooks, name, self._recording(plugin, name, method))

    def _recording(self, plugin: str, hook: str, method: Callable[..., Any]) -> Callable[..., Any]:
        names = list(inspect.signature(method).parameters)

        # wraps() carries over the mark of @hookimpl and, for whoever inspects it, the signature.
        @functools.wraps(method)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            arguments = {**dict(zip(names, args, strict=False)), **kwargs}
            try:
                result = method(*args, **kwargs)
            except Exception as error:
                self._calls.append(HookCall(plugin, hook, arguments, None, error, method))
                raise
            self._calls.append(HookCall(plugin, hook, arguments, result, None, method))
            return result

        return recorded


class RecordingHost(PluginHost):
    """A plugin host whose plugins' hook calls are recorded in `hook_calls`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.hook_calls = HookCalls()
        super().__init__(*args, **kwargs)
        self._register = self._loader.register
        # Here every plugin passes, whether it is loaded at the start, enabled later or handed in by a test.
        self._loader.register = self._watched  # type: ignore[method-assign]

    def _watched(self, name: str, hooks: object) -> None:
        self.hook_calls.watch(name, hooks)
        self._register(name, hooks)
