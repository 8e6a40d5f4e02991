"""Forms of contacts, lists, imports and the suppression list."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

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
    list_id = fields.Integer(validate=_ROW_IDS)
    tag = fields.String(validate=validate.Length(1, 60))
    after = fields.Integer(validate=_ROW_IDS)
    before = fields.Integer(validate=_ROW_IDS)


class SuppressionListSchema(Schema):
    """A new suppression list. `reach` is "everywhere", "client-3" or "campaign-7"."""

    name = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)
    reach = fields.String(
        required=True,
        validate=validate.Regexp(r"everywhere|(client|campaign)-[1-9]\d{0,15}", error=N_("Choose from the list.")),
        error_messages=_REQUIRED,
    )


class SuppressionSchema(Schema):
    """Numbers that are put on a list, or on the first list of a reach; through a last day or for good."""

    numbers = fields.String(load_default="", validate=validate.Length(0, 200_000, error=N_("This is too long.")))
    list_id = _optional_id()
    reach = fields.String(
        load_default="",
        validate=validate.Regexp(r"|everywhere|(client|campaign)-[1-9]\d{0,15}", error=N_("Choose from the list.")),
    )
    country = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)
    reason = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)
    source = fields.String(required=True, validate=_FILLED, error_messages=_REQUIRED)
    expires = fields.Date(load_default=None, allow_none=True, error_messages={"invalid": N_("Write a date.")})

    @pre_load
    def _no_day(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if name not in ("expires", "list_id") or value}

    @validates_schema
    def _goes_somewhere(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["list_id"] is None and not data["reach"]:
            raise ValidationError({"list_id": [N_("Choose from the list.")], "reach": [N_("Choose from the list.")]})


class CallNumberSchema(Schema):
    """In which campaign a number is called."""

    campaign_id = fields.Integer(required=True, error_messages=_REQUIRED)
