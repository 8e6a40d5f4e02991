"""A campaign's required policies: which they are, dropping one with a reason, requiring it again."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from hookline.api import ApiOperation, ApiRequest, text
from hookline_web.context import runtime


class DroppedPolicySchema(Schema):
    """A policy that the campaign does without, or did."""

    policy = fields.String(required=True)
    reason = fields.String(required=True)
    by = fields.String(required=True, metadata={"description": "Who dropped it; empty for the command line."})
    at = fields.AwareDateTime(required=True)
    restored_at = fields.AwareDateTime(required=True, allow_none=True)


class CampaignPoliciesSchema(Schema):
    """What must be in force for the campaign to dial, and what was dropped, newest first."""

    required_policies = fields.List(fields.String(), required=True)
    dropped = fields.List(fields.Nested(DroppedPolicySchema), required=True)


class DropPolicySchema(Schema):
    """Which, and why."""

    policy = text(80, required=True, least=1)
    reason = text(1000, required=True, least=10)


class RequirePolicySchema(Schema):
    """Which."""

    policy = text(80, required=True, least=1)


def get_policies(request: ApiRequest) -> dict[str, Any]:
    """The campaign's policies."""
    scope, campaign_id = request.actor.scope, request.path["campaign_id"]
    policies = runtime().required_policies
    return {
        "required_policies": policies.required(runtime().campaigns.get(scope, campaign_id)),
        "dropped": policies.history(scope, campaign_id),
    }


def drop_policy(request: ApiRequest) -> None:
    """Let the campaign do without a policy."""
    body = request.body
    runtime().required_policies.drop(request.actor, request.path["campaign_id"], body["policy"], body["reason"])


def require_policy(request: ApiRequest) -> None:
    """Require a dropped policy again."""
    runtime().required_policies.restore(request.actor, request.path["campaign_id"], request.body["policy"])


OPERATIONS = (
    ApiOperation(
        "GET",
        "/{campaign_id}/policies",
        "campaigns.view",
        "What it requires, and what was dropped, by whom and why",
        get_policies,
        CampaignPoliciesSchema,
    ),
    ApiOperation(
        "POST",
        "/{campaign_id}/policies/drop",
        "policies.drop",
        "Let it do without a policy that it requires",
        drop_policy,
        body=DropPolicySchema,
        status=204,
        description="Kept with the reason and who did it. A policy that works goes on being asked; what the campaign "
        "does without is that it stops where the policy is missing. One that is not required is a conflict (409).",
    ),
    ApiOperation(
        "POST",
        "/{campaign_id}/policies/require",
        "campaigns.manage",
        "Require a policy again that was dropped",
        require_policy,
        body=RequirePolicySchema,
        status=204,
        description="One that was not dropped is a conflict (409).",
    ),
)
