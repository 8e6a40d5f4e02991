"""Users as a form or a program sends them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates

from hookline.domain.access import Role
from hookline.services.mail.addresses import is_address
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
    email = fields.String(load_default="")
    clients = fields.List(fields.Integer(error_messages=_INVALID), load_default=list)

    @validates("email")
    def _one_address(self, value: str, **_kwargs: Any) -> None:
        if value.strip() and not is_address(value.strip()):
            raise ValidationError(N_("This is not an e-mail address."))

    @post_load
    def _tidied(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        clients = sorted(set(data["clients"])) if data["role"] is Role.SUPERVISOR else []
        return {**data, "email": data["email"].strip(), "clients": clients}


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
