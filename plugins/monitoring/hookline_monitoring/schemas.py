"""What comes in with the board's address."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hookline.domain.agents import AgentState


class FilterSchema(Schema):
    """Which agents to show."""

    campaign_id = fields.Integer(allow_none=True, load_default=None)
    state = fields.String(load_default="", validate=validate.OneOf(["", *(state.value for state in AgentState)]))
