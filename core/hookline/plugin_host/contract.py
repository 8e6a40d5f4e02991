"""Holds a plugin to the contract's version: what it is built for, what it implements, what it must leave behind."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pluggy
import structlog

from hookline import OLDEST_PLUGIN_API_VERSION, PLUGIN_API_VERSION
from hookline.errors import HooklineError
from hookline.hookspecs.deprecation import (
    REMOVED,
    Deprecation,
    PluginDeprecationWarning,
    Removal,
    deprecations_of,
)
from hookline.text import N_

log = structlog.get_logger(__name__)


class UnknownHook(HooklineError):
    """A plugin implements a hook, or takes a parameter, that this Hookline does not have."""

    id = "unknown-hook"


@dataclass(frozen=True)
class DeprecatedUse:
    """A plugin's use of something that is on its way out, with the place in its code."""

    plugin: str
    hook: str
    deprecation: Deprecation
    file: str
    line: int

    def __str__(self) -> str:
        """One sentence for the plugin's author."""
        what = f"the parameter {self.deprecation.parameter} of {self.hook}" if self.deprecation.parameter else self.hook
        return (
            f"Plugin {self.plugin} uses {what}, deprecated since plugin contract {self.deprecation.since} and gone in "
            f"{self.deprecation.removed_in}. {self.deprecation.instead} ({self.file}, line {self.line})"
        )


def version_note(built_for: str) -> str:
    """A message id with %(wanted)s and %(here)s where a plugin built for that contract cannot be loaded, else ""."""
    wanted = _parts(built_for)
    if wanted > _parts(PLUGIN_API_VERSION):
        return N_("Built for plugin contract %(wanted)s; this Hookline has %(here)s. Update Hookline.")
    if wanted < _parts(OLDEST_PLUGIN_API_VERSION):
        return N_("Built for plugin contract %(wanted)s; this Hookline has %(here)s. Install a newer version of it.")
    return ""


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def implemented(hooks: object) -> list[str]:
    """Names of the methods by which a plugin's `Hooks` object (or class) means to implement hooks."""
    owner = hooks if isinstance(hooks, type) else type(hooks)
    return [name for name, _ in inspect.getmembers(owner, callable) if name.startswith("hookline_")]


def refuse_unknown(
    plugin: str, hooks: object, known: Mapping[str, Iterable[str]], removed: Mapping[str, Removal] = REMOVED
) -> None:
    """Raise UnknownHook for a hook or a parameter that is not in `known` (hook -> parameters), never ignore it."""
    for name in implemented(hooks):
        if name not in known:
            raise _unknown(plugin, name, removed.get(name), sorted(known))
        for parameter in _parameters(getattr(hooks, name)):
            if parameter not in known[name]:
                gone = removed.get(f"{name}({parameter})")
                raise _unknown(plugin, f"{name}({parameter})", gone, sorted(known[name]))


def _unknown(plugin: str, what: str, gone: Removal | None, known: list[str]) -> UnknownHook:
    if gone is not None:
        return UnknownHook(
            N_("Plugin %(plugin)s implements %(what)s, which was removed in plugin contract %(version)s."),
            N_("For its author: %(instead)s"),
            params={"plugin": plugin, "what": what, "version": gone.removed_in, "instead": gone.instead},
        )
    return UnknownHook(
        N_("Plugin %(plugin)s implements %(what)s, which this Hookline does not call."),
        N_("Known here: %(known)s."),
        params={"plugin": plugin, "what": what, "known": ", ".join(known)},
    )


def _parameters(method: object) -> list[str]:
    signature = inspect.signature(method)  # type: ignore[arg-type]  # a method: getmembers found it callable
    # One with a default is the plugin's own business: pluggy never fills it in.
    return [name for name, p in signature.parameters.items() if name != "self" and p.default is p.empty]


def known_hooks(manager: pluggy.PluginManager) -> dict[str, list[str]]:
    """The contract of this Hookline: hooks and their parameters."""
    names = [name for name in dir(manager.hook) if name.startswith("hookline_")]
    return {name: _parameters(_spec(manager, name)) for name in names}


def deprecated_uses(plugin: str, hooks: object, manager: pluggy.PluginManager) -> list[DeprecatedUse]:
    """Where a plugin uses what is deprecated."""
    found = []
    for hook in implemented(hooks):
        method = getattr(hooks, hook)
        code = inspect.unwrap(method).__code__
        for deprecation in deprecations_of(_spec(manager, hook)):
            if deprecation.parameter in ("", *_parameters(method)):
                found.append(DeprecatedUse(plugin, hook, deprecation, code.co_filename, code.co_firstlineno))
    return found


def warn_of_deprecated(plugin: str, hooks: object, manager: pluggy.PluginManager) -> None:
    """Warn once for each deprecated use, naming the plugin, the file and the line: on stderr and in the log."""
    for use in deprecated_uses(plugin, hooks, manager):
        warnings.warn_explicit(str(use), PluginDeprecationWarning, use.file, use.line)
        log.warning("plugin uses something deprecated", plugin=plugin, hook=use.hook, file=use.file, line=use.line)


def _spec(manager: pluggy.PluginManager, hook: str) -> object:
    spec = getattr(manager.hook, hook).spec
    return spec.function if spec is not None else None
