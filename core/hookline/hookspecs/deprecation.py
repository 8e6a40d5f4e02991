"""How a hook, or a parameter of one, leaves the contract: it is marked for one minor version, then listed as removed.

The policy is in docs/explanation/plugin-api-versions.md. A specification that is on its way out says so itself:

    @hookspec
    @deprecated(since="1.1", removed_in="1.3", instead="Implement hookline_call_ended, which is told of every call.")
    def hookline_call_disposed(call: DisposedCall) -> None: ...

With `parameter="backend"` it is that parameter alone. When the version comes, the specification goes (or loses the
parameter) and an entry in `REMOVED` names the replacement to plugins that are still written for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

Spec = TypeVar("Spec", bound=Callable[..., object])
_MARK = "hookline_deprecations"


class PluginDeprecationWarning(FutureWarning):
    """A plugin uses something that a coming version of the contract no longer has.

    A FutureWarning, since those are shown by default: whoever runs the plugin is not always who wrote it.
    """


@dataclass(frozen=True)
class Deprecation:
    """What goes, since when it warns, from which contract version on it is gone, and what to do instead (English)."""

    since: str
    removed_in: str
    instead: str
    parameter: str = ""


@dataclass(frozen=True)
class Removal:
    """What went in which contract version, and what to do instead (English)."""

    removed_in: str
    instead: str


#: Hooks that were there once, by name; and parameters, as "hook(parameter)".
REMOVED: Mapping[str, Removal] = MappingProxyType({})


def deprecated(*, since: str, removed_in: str, instead: str, parameter: str = "") -> Callable[[Spec], Spec]:
    """Mark a hook specification, or one parameter of it, as deprecated. ValueError where the policy is not kept."""
    earliest = f"{_major(since)}.{_minor(since) + 1}"
    if _major(removed_in) == _major(since) and _minor(removed_in) <= _minor(since):
        raise ValueError(f"Deprecated in {since}, it may be removed in {earliest} at the earliest.")

    def mark(spec: Spec) -> Spec:
        marks = (*deprecations_of(spec), Deprecation(since, removed_in, instead, parameter))
        setattr(spec, _MARK, marks)
        return spec

    return mark


def deprecations_of(spec: object) -> tuple[Deprecation, ...]:
    """What is deprecated about a specification."""
    marks: tuple[Deprecation, ...] = getattr(spec, _MARK, ())
    return marks


def _major(version: str) -> int:
    return int(version.partition(".")[0])


def _minor(version: str) -> int:
    return int(version.partition(".")[2])
