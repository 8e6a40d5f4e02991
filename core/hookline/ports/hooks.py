"""How services ask plugins: a port, so that they need not know the plugin host."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from hookline.contributions import PacerKind, Policy
from hookline.domain.campaigns import Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.domain.results import DisposedCall
from hookline.ports.scripts import ScriptEngine
from hookline.ports.telephony import TelephonyBackend


@dataclass(frozen=True)
class PolicyAnswer:
    """One plugin's answer to a dial request; a failed or late one is a refusal already."""

    plugin: str
    refusals: tuple[Refusal, ...]


class Hooks(Protocol):
    """The typed questions that services put to plugins."""

    def dial_refusals(self, request: DialRequest) -> list[PolicyAnswer]:
        """Every plugin's answer; fail closed."""
        ...

    def call_disposed(self, call: DisposedCall, to: str | None = None) -> None:
        """Tell every plugin, or the one named; failures are isolated."""
        ...

    def select_caller_id(self, request: DialRequest, backend: str) -> str | None:
        """The first plugin's choice, or None."""
        ...

    def policies(self) -> dict[str, Policy]:
        """Policies that are in force now, by name; one of a failed or disabled plugin is not there."""
        ...

    def backends(self) -> dict[str, TelephonyBackend]:
        """Telephony backends by name."""
        ...

    def owners(self, hook: str) -> dict[str, str]:
        """Who contributed what by a contribute hook: the things' names, and their plugins."""
        ...

    def rule_owners(self, purpose: Purpose, required: Collection[str]) -> set[str]:
        """The plugins of policies that are required by name or meant for the purpose, in force or not."""
        ...

    def is_closing(self, backend: str) -> bool:
        """Whether a telephony backend takes no new calls, since its plugin is being disabled."""
        ...

    def script_engines(self) -> dict[str, ScriptEngine]:
        """Script engines by name."""
        ...

    def pacers(self) -> dict[str, PacerKind]:
        """Plugins' pacers by name."""
        ...
