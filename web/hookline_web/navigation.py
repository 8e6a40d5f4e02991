"""The menu: core's entries and the plugins', and the page somebody starts on."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, g, request, url_for

from hookline.contributions import NavigationItem
from hookline.domain.access import Actor, Role
from hookline.text import N_
from hookline_web.context import runtime, shell

SECTIONS = {"work": N_("Work"), "supervise": N_("Supervision"), "admin": N_("Administration")}
#: Blueprints on whose first menu entry a role starts, best first.
_STARTS = {
    Role.AGENT: ("desk",),
    Role.SUPERVISOR: ("monitoring", "campaigns"),
    Role.ADMINISTRATOR: ("campaigns", "clients"),
}


@dataclass(frozen=True)
class MenuEntry:
    """A menu entry as the template draws it; `title` is a message id."""

    title: str
    address: str
    icon: str
    current: bool


def install(app: Flask) -> None:
    """Give templates the menu."""
    app.jinja_env.globals["menu"] = menu


def menu() -> list[tuple[str, list[MenuEntry]]]:
    """The sections and entries that the person of this request may open."""
    actor: Actor | None = g.get("actor")
    sections = []
    for section, title in SECTIONS.items():
        entries = [_entry(item) for item in _visible(actor) if item.section == section]
        if entries:
            sections.append((title, entries))
    return sections


def start_address(actor: Actor) -> str:
    """Where the person begins after logging in."""
    visible = _visible(actor)
    for blueprint in _STARTS[actor.role]:
        for item in visible:
            if item.endpoint.split(".")[0] == blueprint:
                return url_for(item.endpoint)
    return url_for(visible[0].endpoint) if visible else url_for("account.show")


def _visible(actor: Actor | None) -> list[NavigationItem]:
    if actor is None:
        return []
    known = current_app.view_functions
    found = [
        item
        for item in shell().navigation
        if item.endpoint in known and actor.can(item.permission) and not _is_stopped(item)
    ]
    order = list(SECTIONS)
    return sorted(found, key=lambda i: (order.index(i.section) if i.section in order else 99, i.order, i.title))


def _is_stopped(item: NavigationItem) -> bool:
    """Whether the entry's plugin is there, but not active: its pages would not open."""
    blueprint = item.endpoint.split(".")[0]
    return blueprint in runtime().host.statuses and not runtime().host.is_active(blueprint)


def _entry(item: NavigationItem) -> MenuEntry:
    same = request.endpoint == item.endpoint
    # A blueprint with several entries marks the very one; one with a single entry marks it on all its pages.
    siblings = [i for i in shell().navigation if i.endpoint.split(".")[0] == item.endpoint.split(".")[0]]
    inside = len(siblings) == 1 and request.blueprint == item.endpoint.split(".")[0]
    return MenuEntry(item.title, url_for(item.endpoint), item.icon, same or inside)
