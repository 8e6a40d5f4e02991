"""A campaign's results sent to a webhook endpoint: begun, followed, cancelled, gone on with."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from hookline.domain.access import Actor
from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.exports import RowPer
from hookline.text import N_
from hookline.validation import load
from hookline_web import forms
from hookline_web.context import runtime
from hookline_web.i18n import explain
from hookline_web.views.campaigns.blueprint import blueprint
from hookline_web.views.campaigns.pages import head_of


class _PushSchema(Schema):
    endpoint_id = fields.Integer(required=True, error_messages={"required": N_("Choose from the list.")})
    per = fields.String(load_default=RowPer.CALL.value, validate=validate.OneOf([per.value for per in RowPer]))


@blueprint.get("/<int:campaign_id>/pushes")
@requires("results.export")
def pushes(campaign_id: int) -> tuple[str, int]:
    """The form, and what was sent before."""
    return _page(campaign_id, forms.Form())


@blueprint.get("/<int:campaign_id>/pushes/rows")
@requires("results.export")
def push_rows(campaign_id: int) -> str:
    """The table alone, for refreshing."""
    return render_template("campaigns/push_rows.html", **_shown(campaign_id))


@blueprint.post("/<int:campaign_id>/pushes")
@requires("results.export")
def push(campaign_id: int) -> Response | tuple[str, int]:
    """Begin to send."""
    sent = forms.posted()
    try:
        wanted = load(_PushSchema(), {name: value for name, value in sent.items() if value})
        runtime().result_pushes.start(g.actor, campaign_id, wanted["endpoint_id"], RowPer(wanted["per"]))
    except (InvalidInput, Conflict) as error:
        return _page(campaign_id, forms.Form(sent, error))
    flash(_("The results are on their way."))
    return redirect(url_for("campaigns.pushes", campaign_id=campaign_id))


@blueprint.post("/<int:campaign_id>/pushes/<int:push_id>/cancel")
@requires("results.export")
def cancel_push(campaign_id: int, push_id: int) -> Response:
    """Send no further piece."""
    return _act(runtime().result_pushes.cancel, campaign_id, push_id)


@blueprint.post("/<int:campaign_id>/pushes/<int:push_id>/resume")
@requires("results.export")
def resume_push(campaign_id: int, push_id: int) -> Response:
    """Go on after the last piece that arrived."""
    return _act(runtime().result_pushes.resume, campaign_id, push_id)


def _act(act: Callable[[Actor, int], None], campaign_id: int, push_id: int) -> Response:
    try:
        act(g.actor, push_id)
    except Conflict as error:
        flash(" ".join(explain(error)), "error")
    return redirect(url_for("campaigns.pushes", campaign_id=campaign_id))


def _page(campaign_id: int, form: forms.Form) -> tuple[str, int]:
    campaign = runtime().campaigns.get(g.actor.scope, campaign_id)
    return forms.page("campaigns/pushes.html", form, **head_of(campaign), **_shown(campaign_id))


def _shown(campaign_id: int) -> dict[str, object]:
    endpoints = runtime().result_pushes.endpoints(g.actor, campaign_id)
    names = {endpoint.id: endpoint.description or endpoint.url for endpoint in endpoints}
    rows = runtime().result_pushes.list_of(g.actor, campaign_id)
    return {"endpoints": list(names.items()), "names": names, "rows": rows, "campaign_id": campaign_id}
