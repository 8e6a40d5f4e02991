"""What comes in from forms and files."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from hookline.text import N_
from hookline_gdpr.rules import ConsentState

_NEEDED = N_("This is needed: without it the consent cannot be proved.")
_DATE_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%Y", "%Y/%m/%d")


class Moment(fields.Field[date | datetime]):
    """A day (2025-03-31 or 31.03.2025) or a moment (2025-03-31T10:30, with or without a zone)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date | datetime:
        text = str(value).strip()
        for form in _DATE_FORMS:
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                continue
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise ValidationError(N_("A date is expected here, such as 2025-03-31.")) from None


def _text(limit: int, *, required: bool = False) -> fields.String:
    needed = validate.Regexp(r"(?s).*\S", error=_NEEDED)
    too_long = validate.Length(max=limit, error=N_("This is too long."))
    if required:
        return fields.String(required=True, validate=[needed, too_long], error_messages={"required": _NEEDED})
    return fields.String(load_default="", validate=too_long)


class ConsentSchema(Schema):
    """A consent as it is recorded."""

    wording = _text(4000, required=True)
    wording_version = _text(60)
    evidence = _text(2000, required=True)
    given_at = Moment(required=True, error_messages={"required": _NEEDED})
    valid_until = Moment(allow_none=True, load_default=None)


class WithdrawSchema(Schema):
    """Why a consent is withdrawn; nobody has to say."""

    because = _text(500)


class SearchSchema(Schema):
    """The overview's search."""

    q = fields.String(load_default="")
    client_id = fields.Integer(allow_none=True, load_default=None)
    state = fields.String(
        load_default="",
        validate=validate.OneOf(["", *(s.value for s in ConsentState if s is not ConsentState.NOT_YET)]),
    )
