"""Agents: who takes calls, and where each stands."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from hookline.api import ApiOperation, ApiPage, ApiRequest, ApiResource, row_id
from hookline.services.feeds import AgentEntry
from hookline_web.context import runtime


class AgentSchema(Schema):
    """Somebody who takes calls."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True, metadata={"description": "False: may not log in any more."})
    state = fields.String(
        required=True, metadata={"description": "offline, ready, reserved, ringing, on_call, wrap_up or paused."}
    )
    pause_reason = fields.String(required=True)
    state_since_at = fields.AwareDateTime(required=True, allow_none=True)
    campaign_id = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of this shift; null: all that are assigned."}
    )


class AgentQuerySchema(Schema):
    """Which agents."""

    campaign_id = row_id(sent_as_text=True, metadata={"description": "Those assigned to it."})


def list_agents(request: ApiRequest) -> ApiPage:
    """A page of agents."""
    page = runtime().feeds.agents(request.actor, request.after, request.limit, **request.query)
    reachable = _campaigns(request)
    return ApiPage([_plain(entry, reachable) for entry in page.rows], page.next)


def get_agent(request: ApiRequest) -> dict[str, Any]:
    """One agent."""
    return _plain(runtime().feeds.agent(request.actor, request.path["agent_id"]), _campaigns(request))


def _campaigns(request: ApiRequest) -> set[int]:
    # An agent may be working for another client, which is none of this token's business.
    return {campaign.id for campaign in runtime().campaigns.list_campaigns(request.actor.scope)}


def _plain(entry: AgentEntry, reachable: set[int]) -> dict[str, Any]:
    user, shift = entry.user, entry.session
    campaign_id = shift.campaign_id if shift else None
    return {
        "id": user.id,
        "name": user.display_name,
        "active": user.active,
        "state": entry.state,
        "pause_reason": shift.pause_reason if shift else "",
        "state_since_at": shift.state_since_at if shift else None,
        "campaign_id": campaign_id if campaign_id in reachable else None,
    }


RESOURCE = ApiResource(
    "agents",
    "People who take calls, and where each stands now.",
    (
        ApiOperation("GET", "", "agents.watch", "Agents", list_agents, AgentSchema, AgentQuerySchema, paged=True),
        ApiOperation("GET", "/{agent_id}", "agents.watch", "One agent", get_agent, AgentSchema),
    ),
)
