"""What a campaign's dialler does and why, and the rest of a campaign's life: copy, archive, call once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.campaign_life import Recycling
from hookline.services.dialler.ticks import series
from hookline.validation import line, load
from hookline_web.context import runtime
from hookline_web.i18n import explain
from hookline_web.views.campaigns.blueprint import blueprint

_WIDTH, _HEIGHT = 600, 120
#: What the chart draws, in the order of its legend.
_LINES = ("idle", "ringing", "talking", "queued")


@dataclass(frozen=True)
class Chart:
    """Lines over the last minutes: (name, points of a polyline, latest value). `most` is the top of the scale."""

    lines: tuple[tuple[str, str, int], ...]
    most: int
    minutes: int


class _CopySchema(Schema):
    name = line(required=True, most=120)


class _RecycleSchema(Schema):
    results = fields.List(fields.String(), load_default=list)
    dispositions = fields.List(fields.String(), load_default=list)


@blueprint.get("/<int:campaign_id>/dialler")
@requires("campaigns.view")
def dialler(campaign_id: int) -> str:
    """The dialler's panel, as it is now."""
    return render_template("campaigns/dialler.html", **dialler_of(campaign_id))


def dialler_of(campaign_id: int) -> dict[str, Any]:
    """What the panel shows."""
    view = runtime().dialler_ticks.view(g.actor.scope, campaign_id)
    return {"dialler": view, "chart": _chart(view.ticks), "campaign_id": campaign_id}


def _chart(ticks: Any) -> Chart | None:
    if len(ticks) < 2:
        return None
    columns = series(ticks, _LINES)
    span = max(-columns["at"][0], 1.0)
    most = max(1, *(max(columns[name]) for name in _LINES))

    def points(name: str) -> str:
        pairs = zip(columns["at"], columns[name], strict=True)
        return " ".join(f"{_WIDTH * (1 + at / span):.1f},{_HEIGHT * (1 - value / most):.1f}" for at, value in pairs)

    return Chart(tuple((name, points(name), columns[name][-1]) for name in _LINES), most, max(1, round(span / 60)))


@blueprint.post("/<int:campaign_id>/copy")
@requires("campaigns.manage")
def copy(campaign_id: int) -> Response:
    """Make a draft like this campaign."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    proposed = _("%(name)s (copy)", name=campaign.name)
    try:
        sent = load(_CopySchema(), {"name": request.form.get("name") or proposed})
        copied = runtime().campaign_life.clone(g.actor, campaign_id, sent["name"])
    except InvalidInput as error:
        flash(" ".join(explain(error)), "error")
        return redirect(url_for("campaigns.show", campaign_id=campaign_id))
    flash(_("This is the copy. It is a draft: give it a name and look it over."))
    return redirect(url_for("campaigns.edit", campaign_id=copied))


@blueprint.post("/<int:campaign_id>/archive")
@requires("campaigns.manage")
def archive(campaign_id: int) -> Response:
    """File an ended campaign away."""
    try:
        runtime().campaign_life.archive(g.actor, campaign_id)
        flash(_("The campaign is archived. Its results stay; you can bring it back."))
    except Conflict as error:
        flash(" ".join(explain(error)), "error")
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))


@blueprint.post("/<int:campaign_id>/bring-back")
@requires("campaigns.manage")
def bring_back(campaign_id: int) -> Response:
    """Take a campaign out of the archive."""
    try:
        runtime().campaign_life.bring_back(g.actor, campaign_id)
        flash(_("The campaign is back among those that have ended."))
    except Conflict as error:
        flash(" ".join(explain(error)), "error")
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))


@blueprint.get("/<int:campaign_id>/again")
@requires("campaigns.manage")
def again(campaign_id: int) -> str:
    """Choose which contacts that are done with are called once more."""
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    client = runtime().clients.get_client(g.actor.scope, campaign.client_id)
    counts = runtime().campaign_life.recyclable(g.actor, campaign_id)
    labels = {d.code: d.label for d in campaign.dispositions}
    return render_template("campaigns/again.html", campaign=campaign, client=client, counts=counts, labels=labels)


@blueprint.post("/<int:campaign_id>/again")
@requires("campaigns.manage")
def call_again(campaign_id: int) -> Response:
    """Call them once more."""
    sent = load(
        _RecycleSchema(),
        {"results": request.form.getlist("results"), "dispositions": request.form.getlist("dispositions")},
    )
    try:
        count = runtime().campaign_life.recycle(g.actor, campaign_id, Recycling(**sent))
    except (Conflict, InvalidInput) as error:
        flash(" ".join(explain(error)), "error")
        return redirect(url_for("campaigns.again", campaign_id=campaign_id))
    flash(ngettext("One contact is due again.", "%(num)s contacts are due again.", count))
    return redirect(url_for("campaigns.show", campaign_id=campaign_id))
