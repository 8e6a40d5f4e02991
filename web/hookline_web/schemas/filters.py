"""The filters of lists, as their addresses carry them. What cannot be read is left out: a list is no form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from hookline.domain.calls import CallResult
from hookline.domain.campaigns import RecordState

_ROW_IDS = validate.Range(1, 2**53)


class CallFilterSchema(Schema):
    """What to look for in the list of calls."""

    campaign_id = fields.Integer(validate=_ROW_IDS)
    agent_id = fields.Integer(validate=_ROW_IDS)
    result = fields.Enum(CallResult, by_value=True)
    disposition = fields.String(validate=validate.Length(1, 64))
    first_day = fields.Date()
    last_day = fields.Date()


class RecordFilterSchema(Schema):
    """What to look for among a campaign's contacts."""

    state = fields.Enum(RecordState, by_value=True)
    q = fields.String(validate=validate.Length(0, 100))


class DeliveryFilterSchema(Schema):
    """What to look for among an endpoint's messages."""

    state = fields.String(validate=validate.OneOf(("waiting", "delivered", "dead")))
    event_type = fields.String(validate=validate.Length(1, 80))


class MailFilterSchema(Schema):
    """What to look for among the mails."""

    state = fields.String(validate=validate.OneOf(("waiting", "sent", "failed")))


class CursorSchema(Schema):
    """Where a page of a long list begins."""

    after = fields.Integer(validate=_ROW_IDS)
    before = fields.Integer(validate=_ROW_IDS)


def readable(schema: Schema, arguments: Mapping[str, str]) -> dict[str, Any]:
    """The arguments that are there and can be read; empty ones and nonsense are left out."""
    given = {name: value for name, value in arguments.items() if value}
    try:
        loaded: dict[str, Any] = schema.load(given, unknown=EXCLUDE)
    except ValidationError as error:
        loaded = dict(error.valid_data) if isinstance(error.valid_data, Mapping) else {}
    return loaded
