"""A campaign's contacts with their standing, and why one of them was dialled or not."""

from __future__ import annotations

from flask import g, render_template, request

from hookline.permissions import requires
from hookline.services.keyset import Cursor
from hookline_web.context import runtime
from hookline_web.schemas.filters import CursorSchema, RecordFilterSchema, readable
from hookline_web.views.campaigns.blueprint import blueprint
from hookline_web.views.campaigns.choices import policy_titles
from hookline_web.views.campaigns.pages import head_of


@blueprint.get("/<int:campaign_id>/contacts")
@requires("campaigns.view")
def records(campaign_id: int) -> str:
    """The contacts, by state or by part of a name, a number or an external id."""
    scope = g.actor.scope
    campaign = runtime().campaigns.get(scope, campaign_id)
    wanted = readable(RecordFilterSchema(), request.args)
    found = runtime().record_reads.list_records(
        scope,
        campaign_id,
        state=wanted.get("state"),
        text=wanted.get("q", ""),
        cursor=Cursor(**readable(CursorSchema(), request.args)),
    )
    counts = runtime().campaigns.record_counts(scope, campaign_id)
    return render_template("campaigns/records.html", **head_of(campaign), page=found, counts=counts, wanted=wanted)


@blueprint.get("/<int:campaign_id>/contacts/<int:contact_id>/why")
@requires("campaigns.view")
def why(campaign_id: int, contact_id: int) -> str:
    """Why the contact was dialled or not: the gate's decisions, and what it would say now."""
    scope = g.actor.scope
    campaign = runtime().campaigns.get(scope, campaign_id)
    answer = runtime().explain.explain(scope, campaign_id, contact_id)
    contact = runtime().record_reads.contact(scope, campaign_id, contact_id)
    asked = {name for decision in answer.past for name in decision.asked}
    return render_template(
        "campaigns/why.html", **head_of(campaign), answer=answer, contact=contact, titles=policy_titles(asked)
    )
