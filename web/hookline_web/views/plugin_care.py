"""What an administrator does about plugins that misbehave: bring one back, find out which one takes memory."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.domain.access import Actor
from hookline.permissions import requires
from hookline.plugin_host.host import PluginState, PluginStatus
from hookline_web.context import runtime

blueprint = Blueprint("plugin_care", __name__)


@blueprint.post("/plugins/<name>/release")
@requires("plugins.manage")
def release(name: str) -> Response:
    """Bring a plugin back from quarantine."""
    runtime().quarantine.release(g.actor, name)
    flash(_("%(plugin)s is running again.", plugin=runtime().host.statuses[name].title))
    return redirect(url_for("health.show"))


@blueprint.post("/health/memory/begin")
@requires("plugins.manage")
def begin_tracing() -> Response:
    """Note from now on which plugin asks for memory."""
    runtime().memory.begin_tracing()
    flash(_("From now on it is noted which plugin holds memory. Look again in some minutes."))
    return redirect(url_for("health.show") + "#memory")


@blueprint.post("/health/memory/end")
@requires("plugins.manage")
def end_tracing() -> Response:
    """Note it no more."""
    runtime().memory.end_tracing()
    return redirect(url_for("health.show") + "#memory")


def install(app: Flask) -> None:
    """Give templates `stopped_plugins()`, for the banner."""
    app.jinja_env.globals["stopped_plugins"] = stopped_plugins


def stopped_plugins() -> list[PluginStatus]:
    """Quarantined plugins, for those who may see plugins."""
    actor: Actor | None = g.get("actor")
    if actor is None or not actor.can("plugins.view"):
        return []
    statuses = runtime().host.statuses.values()
    return [status for status in statuses if status.state is PluginState.QUARANTINED]
