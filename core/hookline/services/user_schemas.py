"""Users as a form or a program sends them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from hookline.domain.access import Role
from hookline.text import N_
from hookline.validation import line

LANGUAGES = ("en", "pl")
_CHOOSE = N_("Choose from the list.")
_INVALID: dict[str, Any] = {"required": [_CHOOSE], "invalid": [_CHOOSE]}
_PASSWORD: dict[str, Any] = {"required": [N_("Fill this in.")]}


class UserSchema(Schema):
    """What an administrator may change of a user. Clients matter to supervisors only and are dropped for others."""

    display_name = line(required=True, most=80)
    role = fields.Enum(Role, by_value=True, required=True, error_messages={**_INVALID, "unknown": [_CHOOSE]})
    language = fields.String(required=True, validate=validate.OneOf(LANGUAGES, error=_CHOOSE), error_messages=_INVALID)
    clients = fields.List(fields.Integer(error_messages=_INVALID), load_default=list)

    @post_load
    def _clients_of_supervisors(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "clients": sorted(set(data["clients"])) if data["role"] is Role.SUPERVISOR else []}


class PasswordSchema(Schema):
    """A new password."""

    password = fields.String(required=True, error_messages=_PASSWORD)


class NewUserSchema(UserSchema, PasswordSchema):
    """A user who is added."""

    login = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[A-Za-z0-9][A-Za-z0-9._@+-]{1,63}$", error=N_("Use 2 to 64 letters, digits, dots and dashes.")
        ),
        error_messages=_PASSWORD,
    )
