"""A campaign's telephones: whether it calls or is called, by which line, and where customers may be sent."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from hookline.api import ApiOperation, ApiRequest, text
from hookline.services.campaign_lines import CampaignTelephones
from hookline_web.context import runtime

_VIEW, _MANAGE = "campaigns.view", "campaigns.manage"


class TargetSchema(Schema):
    """Somebody to whom an agent may hand a customer."""

    label = text(80, required=True)
    number = text(40, required=True)


class LineSchema(Schema):
    """A line by which calls may come in."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class TelephonesSchema(Schema):
    """A campaign's telephones."""

    direction = fields.String(required=True, metadata={"description": "outbound or inbound."})
    line = fields.String(required=True, metadata={"description": "Of an inbound campaign; empty: any line."})
    targets = fields.List(fields.Nested(TargetSchema), required=True)
    lines = fields.List(
        fields.Nested(LineSchema), required=True, metadata={"description": "Those by which its calls may come in."}
    )


class TelephonesChangesSchema(Schema):
    """What to change."""

    direction = fields.String(validate=validate.OneOf(["outbound", "inbound"]))
    line = text(80)
    targets = fields.List(fields.Nested(TargetSchema))


def get_telephones(request: ApiRequest) -> dict[str, Any]:
    """The campaign's telephones."""
    campaign = runtime().campaigns.get(request.actor.scope, request.path["campaign_id"])
    lines = runtime().desk_calls.campaign_lines.lines(campaign)
    return {
        "direction": campaign.direction,
        "line": campaign.line,
        "targets": campaign.transfer_targets,
        "lines": [{"id": name, "name": title} for name, title in lines.items()],
    }


def change_telephones(request: ApiRequest) -> None:
    """Change some of the campaign's telephones."""
    wanted = {**get_telephones(request), **request.body}
    targets = [(target["label"], target["number"]) for target in wanted["targets"]]
    draft = CampaignTelephones(wanted["direction"], wanted["line"], targets)
    runtime().desk_calls.campaign_lines.set(request.actor, request.path["campaign_id"], draft)


OPERATIONS = (
    ApiOperation(
        "GET",
        "/{campaign_id}/telephones",
        _VIEW,
        "Its lines, and where its customers may be sent",
        get_telephones,
        TelephonesSchema,
    ),
    ApiOperation(
        "PATCH",
        "/{campaign_id}/telephones",
        _MANAGE,
        "Change its direction, its line and where its customers may be sent",
        change_telephones,
        body=TelephonesChangesSchema,
        status=204,
        description="Of a running campaign the direction cannot change, and one inbound campaign takes a line's calls: "
        "both are conflicts (409).",
    ),
)
