"""Plugins and their health."""

from __future__ import annotations

from flask import Blueprint, render_template

from hookline.contributions import NavigationItem
from hookline.permissions import requires
from hookline.text import N_
from hookline_web.context import runtime

blueprint = Blueprint("plugins", __name__, url_prefix="/plugins")
NAVIGATION = (NavigationItem(N_("Plugins"), "plugins.index", "plugins.view", "admin", "puzzle", 90),)

#: How each state looks: its name (a message id) and its tone.
STATES = {
    "active": (N_("running"), "ok"),
    "disabled": (N_("disabled"), "calm"),
    "unavailable": (N_("unavailable"), "warn"),
    "failed": (N_("failed"), "bad"),
    "quarantined": (N_("stopped"), "bad"),
}


@blueprint.get("")
@requires("plugins.view")
def index() -> str:
    """Every installed plugin with its state."""
    found = sorted(runtime().host.statuses.values(), key=lambda status: status.title.casefold())
    return render_template("plugins/index.html", plugins=found, states=STATES)
