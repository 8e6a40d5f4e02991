"""How a plugin stands, and what it is said to own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from hookline.errors import HooklineError
from hookline.text import fill

T = TypeVar("T")


class NameClash(HooklineError):
    """Two plugins registered a thing under one name; the start is refused."""

    id = "plugin-name-clash"


class PluginState(StrEnum):
    """How a plugin stands."""

    ACTIVE = "active"
    CLOSING = "closing"  # being disabled: takes no new calls while those that are up end
    DISABLED = "disabled"
    UNAVAILABLE = "unavailable"  # an extra is missing
    FAILED = "failed"
    QUARANTINED = "quarantined"  # it spent its error budget and was stopped; an operator brings it back


#: States in which a plugin's code is loaded and registered.
LOADED = frozenset({PluginState.ACTIVE, PluginState.QUARANTINED})


@dataclass
class PluginStatus:
    """A plugin as the operator sees it. The note says what is wrong and what to type; empty where all is well."""

    name: str
    title: str
    version: str
    state: PluginState
    note_id: str = ""
    note_params: Mapping[str, object] = field(default_factory=dict)
    errors: int = 0

    @property
    def note(self) -> str:
        """The note in English; `note_id` and `note_params` are for translating it."""
        return fill(self.note_id, self.note_params)

    def stand(self, state: PluginState, note_id: str = "", **params: object) -> None:
        """Come into a state, with a note: a message id and what to fill in."""
        self.state, self.note_id, self.note_params = state, note_id, params


@dataclass(frozen=True)
class Owned(Generic[T]):
    """A contributed thing and the plugin it came from."""

    plugin: str
    value: T
