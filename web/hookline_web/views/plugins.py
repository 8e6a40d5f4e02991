"""Plugins: what there is, what each adds and knows, enabling and disabling."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.errors import HooklineError, NotFound
from hookline.permissions import requires
from hookline.plugin_host.states import LOADED, PluginState, PluginStatus
from hookline.services.release_sets import Origin, Wish
from hookline.text import N_
from hookline.validation import line, load
from hookline_web.context import runtime, shell
from hookline_web.plugin_facts import additions_of, checked, follow, is_sound, plugin_title

blueprint = Blueprint("plugins", __name__, url_prefix="/plugins")
NAVIGATION = (NavigationItem(N_("Plugins"), "plugins.index", "plugins.view", "admin", "puzzle", 90),)

#: How each state looks: its name (a message id) and its tone.
STATES = {
    "active": (N_("running"), "ok"),
    "closing": (N_("being disabled"), "warn"),
    "disabled": (N_("disabled"), "calm"),
    "unavailable": (N_("unavailable"), "warn"),
    "failed": (N_("failed"), "bad"),
    "quarantined": (N_("stopped"), "bad"),
}
MARKS = {"ok": (N_("in order"), "ok"), "warning": (N_("look at it"), "warn"), "problem": (N_("does not work"), "bad")}


class SwitchSchema(Schema):
    """Why, and whether calls that are up are hung up for it."""

    note = line(most=500)
    end_calls = fields.Boolean(load_default=False)


@blueprint.get("")
@requires("plugins.view")
def index() -> str:
    """Every installed plugin with its state."""
    found = sorted(runtime().host.statuses.values(), key=lambda status: plugin_title(status.name).casefold())
    here = shell()
    trouble = here.live.trouble if here.live else None
    return render_template("plugins/index.html", plugins=found, states=STATES, trouble=trouble)


@blueprint.get("/<name>")
@requires("plugins.view")
def show(name: str) -> str:
    """One plugin: what it adds, its settings, how it stands."""
    status = _status(name)
    manifest = runtime().host.manifests.get(name)
    settings, unusable = [], None
    readable = status.state in (*LOADED, PluginState.FAILED) and not runtime().host.is_stuck(name)
    if manifest is not None and readable:
        try:
            settings = runtime().plugin_settings(name).views()
        except HooklineError as error:
            unusable = error
    return render_template(
        "plugins/show.html",
        plugin=status,
        manifest=manifest,
        adds=additions_of(name),
        settings=settings,
        unusable=unusable,
        state=STATES[status.state.value],
    )


@blueprint.get("/<name>/check")
@requires("plugins.view")
def check(name: str) -> str:
    """What is to be known before it is enabled, looked at now; a piece of the page."""
    return render_template("plugins/findings.html", findings=checked(_status(name).name), marks=MARKS)


@blueprint.get("/<name>/enable")
@requires("plugins.manage")
def ask_to_enable(name: str) -> str:
    """Check it, and ask."""
    findings = checked(_status(name).name)
    return render_template(
        "plugins/enable.html", plugin=_status(name), findings=findings, sound=is_sound(findings), marks=MARKS
    )


@blueprint.post("/<name>/enable")
@requires("plugins.manage")
def enable(name: str) -> Response:
    """Enable it, unless the check says no."""
    wish = load(SwitchSchema(), request.form)
    if not is_sound(checked(_status(name).name)):
        return redirect(url_for("plugins.ask_to_enable", name=name))
    runtime().plugin_changes.enable(g.actor, name, Wish(Origin.PAGE, wish["note"]))
    if not follow(shell()):
        flash(_("The server takes it up within seconds."))
    elif runtime().host.is_active(name):
        flash(_("%(plugin)s is enabled.", plugin=plugin_title(name)))
    else:
        flash(_("%(plugin)s is enabled, but does not work: see below.", plugin=plugin_title(name)), "error")
    return redirect(url_for("plugins.show", name=name))


@blueprint.get("/<name>/disable")
@requires("plugins.manage")
def ask_to_disable(name: str) -> str:
    """Say what that means, and ask."""
    status = _status(name)
    consequences = runtime().plugin_changes.consequences(name)
    return render_template("plugins/disable.html", plugin=status, consequences=consequences)


@blueprint.post("/<name>/disable")
@requires("plugins.manage")
def disable(name: str) -> Response:
    """Disable it; refused while calls are up, unless they are to be hung up."""
    wish = load(SwitchSchema(), request.form)
    _status(name)
    ask = Wish(Origin.PAGE, wish["note"], ends_calls=wish["end_calls"])
    runtime().plugin_changes.disable(g.actor, name, ask)
    if follow(shell()):
        flash(_("%(plugin)s is disabled. Its data stay.", plugin=plugin_title(name)))
    else:
        flash(_("%(plugin)s is being disabled: the calls that are up end first.", plugin=plugin_title(name)))
    return redirect(url_for("plugins.index"))


def _status(name: str) -> PluginStatus:
    found = runtime().host.statuses.get(name)
    if found is None:
        raise NotFound(N_("There is no such plugin."))
    return found
