"""Named slots of pages, filled with plugins' panels; a broken panel costs only itself."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, render_template
from markupsafe import Markup

from hookline.contributions import Panel, PanelRequest
from hookline.domain.access import Actor
from hookline.plugin_host.host import Owned, PluginState
from hookline_web.context import runtime, shell


def install(app: Flask) -> None:
    """Give templates `slot("name", …)` and `slot_panels("name", …)`."""
    app.jinja_env.globals.update(slot=slot, slot_panels=slot_panels)


def slot_panels(name: str, **arguments: Any) -> list[tuple[str, Markup]]:
    """(title, html) of every panel that the person may see and that has something to say: for tabs."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        return []
    shown = []
    only = runtime().campaign_plugins.shown_with(arguments.get("campaign_id"), arguments.get("call_id"))
    for owned in sorted(shell().panels, key=lambda o: (o.value.order, o.value.title)):
        if only and owned.plugin not in only:
            continue
        if owned.value.slot == name and actor.can(owned.value.permission) and _is_active(owned.plugin):
            html = _render(owned, PanelRequest(actor, arguments))
            if html:
                shown.append((owned.value.title, html))
    return shown


def slot(name: str, **arguments: Any) -> Markup:
    """The slot's panels, one under the other."""
    panels = slot_panels(name, **arguments)
    return Markup(render_template("parts/slot.html", panels=panels))  # noqa: S704 - escaped by the template


def _is_active(plugin: str) -> bool:
    return runtime().host.statuses[plugin].state is PluginState.ACTIVE


def _render(owned: Owned[Panel], request: PanelRequest) -> Markup:
    try:
        return Markup(owned.value.render(request))  # noqa: S704 - panels promise safe HTML
    except Exception as error:
        runtime().host.count_error(owned.plugin, f"panel in {owned.value.slot}", error)
        card = render_template("parts/broken_panel.html", title=owned.value.title, plugin=owned.plugin)
        return Markup(card)  # noqa: S704 - escaped by the template
