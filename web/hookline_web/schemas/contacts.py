"""Forms of contacts, lists, imports and the suppression list."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from hookline.text import N_

_REQUIRED: dict[str, Any] = {"required": N_("Fill this in."), "invalid": N_("Choose from the list.")}
_ROW_IDS = validate.Range(1, 2**53, error=N_("Choose from the list."))
_FILLED = validate.Length(1, 200, error=N_("Write 1 to 200 characters."))


def _optional_id() -> fields.Integer:
    return fields.Integer(load_default=None, allow_none=True, validate=_ROW_IDS, error_messages=_REQUIRED)


class ListSchema(Schema):
    """A new contact list."""

    client_id = fields.Integer(required=True, validate=_ROW_IDS, error_messages=_REQUIRED)
    name = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)
    country = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)


class ListNameSchema(Schema):
    """Another name for a list."""

    name = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)


class UploadTargetSchema(Schema):
    """Where an uploaded file goes: a list that is there."""

    list_id = _optional_id()


class ReadingSchema(Schema):
    """How a file is to be read."""

    delimiter = fields.String(
        load_default=None, validate=validate.OneOf([",", ";", "tab"], error=N_("Choose from the list."))
    )
    has_header = fields.Boolean(load_default=None)


class NumberSchema(Schema):
    """A phone number that is added."""

    number = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)


class ContactQuerySchema(Schema):
    """What to look for among contacts."""

    q = fields.String(validate=validate.Length(0, 100))
    client_id = fields.Integer(validate=_ROW_IDS)
    after = fields.Integer(validate=_ROW_IDS)
    before = fields.Integer(validate=_ROW_IDS)


class SuppressionSchema(Schema):
    """Numbers that are suppressed. `reach` is "everywhere", "client-3" or "campaign-7"."""

    numbers = fields.String(load_default="", validate=validate.Length(0, 200_000, error=N_("This is too long.")))
    reach = fields.String(
        required=True,
        validate=validate.Regexp(r"everywhere|(client|campaign)-[1-9]\d{0,15}", error=N_("Choose from the list.")),
        error_messages=_REQUIRED,
    )
    country = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)
    reason = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)
    source = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)
