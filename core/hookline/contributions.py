"""What plugins hand to Hookline: plain data, made by the contribute hooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookline.domain.access import Actor, Role
from hookline.domain.campaigns import Purpose

if TYPE_CHECKING:
    from hookline.db.database import Database
    from hookline.pacing import PacerMaker
    from hookline.ports.clock import Clock


@dataclass(frozen=True)
class PluginContext:
    """What a plugin is given when it is loaded: its settings and the installation's parts it may build on.

    `settings` is what its settings schema loaded (see `hookline.plugin_settings`); {} where it declares none.
    """

    db: Database
    clock: Clock
    settings: Any
    data_dir: Path


@dataclass(frozen=True)
class Permission:
    """Something that may be permitted. `name` is "<plugin>.<act>"; `roles` hold it by default."""

    name: str
    title: str
    roles: frozenset[Role]


@dataclass(frozen=True)
class Policy:
    """A dial policy that a campaign can require; new campaigns with a purpose in `default_for` do."""

    name: str
    title: str
    description: str
    default_for: frozenset[Purpose] = frozenset()


@dataclass(frozen=True)
class PacerKind:
    """A way to pace, for predictive campaigns to choose. `name` is "<plugin>.<pacer>".

    `make` gets the abandon ceiling (0.03 is 3 %) and returns a pacer (`hookline.pacing.Pacer`) for one campaign.
    """

    name: str
    title: str
    make: PacerMaker


@dataclass(frozen=True)
class NavigationItem:
    """A menu entry: a Flask endpoint, shown to holders of `permission`; `icon` names a Tabler icon."""

    title: str
    endpoint: str
    permission: str
    section: str = "admin"  # "work", "supervise", "admin"
    icon: str = "puzzle"
    order: int = 50


@dataclass(frozen=True)
class Panel:
    """A piece of a page. `render` gets a `PanelRequest` and returns safe HTML ("" to stay out).

    Slots: "contact.tabs" (contact_id, campaign_id), "call.sidebar" (call_id), "supervisor.board" (nothing).
    """

    slot: str
    title: str
    permission: str
    render: Callable[..., str]
    order: int = 50


@dataclass(frozen=True)
class WebPart:
    """A plugin's Flask blueprint: named as the plugin, mounted at /p/<plugin>/."""

    blueprint: Any


@dataclass(frozen=True)
class PanelRequest:
    """What a panel's `render` gets."""

    actor: Actor
    arguments: dict[str, Any] = field(default_factory=dict)
