"""Taking a required policy off a campaign, with a reason, and requiring it again."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from hookline.permissions import requires
from hookline.validation import load
from hookline_web.context import runtime
from hookline_web.views.campaigns.blueprint import blueprint


class PolicySchema(Schema):
    """A policy by name."""

    policy = fields.String(required=True, validate=validate.Length(1, 80))


class DropSchema(PolicySchema):
    """A policy that the campaign is to do without, and why."""

    reason = fields.String(required=True, validate=validate.Length(max=1000))


@blueprint.post("/<int:campaign_id>/policies/drop")
@requires("policies.drop")
def drop_policy(campaign_id: int) -> Response:
    """Let the campaign do without a policy."""
    asked = load(DropSchema(), _sent("policy", "reason"))
    runtime().required_policies.drop(g.actor, campaign_id, asked["policy"], asked["reason"])
    flash(_("The campaign no longer requires the rule. Your reason is kept."))
    return redirect(url_for("campaigns.settings", campaign_id=campaign_id))


@blueprint.post("/<int:campaign_id>/policies/restore")
@requires("campaigns.manage")
def restore_policy(campaign_id: int) -> Response:
    """Require a policy again."""
    asked = load(PolicySchema(), _sent("policy"))
    runtime().required_policies.restore(g.actor, campaign_id, asked["policy"])
    flash(_("The campaign requires the rule again."))
    return redirect(url_for("campaigns.settings", campaign_id=campaign_id))


def _sent(*names: str) -> dict[str, str]:
    return {name: request.form[name] for name in names if name in request.form}
