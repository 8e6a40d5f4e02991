"""What a rehearsal is asked for with, by the page's form and by the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from hookline.api import day
from hookline.domain.campaigns import DialMode
from hookline.services.rehearsal.plan import MODEL, MOST_AGENTS, MOST_CONTACTS, REPLAY, Plan
from hookline.text import N_

_WHOLE = N_("Write a whole number.")
_BETWEEN = N_("Between {min} and {max}.")


def _number(most: int) -> fields.Integer:
    return fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, most, error=_BETWEEN),
        error_messages={"invalid": _WHOLE, "too_large": _WHOLE},
    )


class PlanSchema(Schema):
    """How a campaign is to be rehearsed; what is left out is as it was, or as the campaign has it."""

    first_day = day(load_default=None, allow_none=True, metadata={"description": "Default: yesterday."})
    last_day = day(load_default=None, allow_none=True)
    source = fields.String(
        load_default=REPLAY,
        validate=validate.OneOf([REPLAY, MODEL], error=N_("Choose from the list.")),
        metadata={"description": "The stored calls as they were, or a model fitted to them."},
    )
    mode = fields.String(load_default="", validate=validate.OneOf(["", *DialMode], error=N_("Choose from the list.")))
    ratio = fields.Float(load_default=None, allow_none=True, validate=validate.Range(1, 10, error=_BETWEEN))
    ceiling_percent = fields.Float(load_default=None, allow_none=True, validate=validate.Range(0, 100, error=_BETWEEN))
    agents = _number(MOST_AGENTS)
    contacts = _number(MOST_CONTACTS)
    seed = fields.Integer(load_default=1, validate=validate.Range(0, 1_000_000, error=_BETWEEN))

    @post_load
    def plan(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """With the plan made of it."""
        percent = data.pop("ceiling_percent")
        rest = {name: data.pop(name) for name in list(data) if name in Plan.__dataclass_fields__}
        return {**data, "plan": Plan(**rest, ceiling=None if percent is None else percent / 100)}
