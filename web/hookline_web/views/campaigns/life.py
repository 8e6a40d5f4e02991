"""Starting, pausing and ending a campaign."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.domain.access import Actor
from hookline.errors import Conflict
from hookline.permissions import requires
from hookline_web.context import runtime
from hookline_web.i18n import explain
from hookline_web.views.campaigns.blueprint import blueprint


@blueprint.post("/<int:campaign_id>/start")
@requires("campaigns.manage")
def start(campaign_id: int) -> Response:
    """Let the campaign dial."""
    return _act(runtime().campaigns.start, campaign_id, _("The campaign is running."))


@blueprint.post("/<int:campaign_id>/pause")
@requires("campaigns.manage")
def pause(campaign_id: int) -> Response:
    """Stop dialling; calls that are up go on."""
    return _act(runtime().campaigns.pause, campaign_id, _("The campaign is paused. Calls that are up go on."))


@blueprint.post("/<int:campaign_id>/end")
@requires("campaigns.manage")
def end(campaign_id: int) -> Response:
    """End the campaign for good."""
    return _act(runtime().campaigns.end, campaign_id, _("The campaign has ended. Its results stay."))


def _act(act: Callable[[Actor, int], None], campaign_id: int, said: str) -> Response:
    """Back to the page either way: it shows the check list that an error speaks of."""
    try:
        act(g.actor, campaign_id)
        flash(said)
    except Conflict as error:
        flash(" ".join(explain(error)), "error")
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))
