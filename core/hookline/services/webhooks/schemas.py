"""An endpoint as a form or a program sends it."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validates

from hookline.services.webhooks import event_kinds
from hookline.text import N_
from hookline.validation import line


class EndpointSchema(Schema):
    """What may be changed of an endpoint."""

    url = line(required=True, most=500)
    description = line(most=200)
    event_types = fields.List(fields.String(), required=True, error_messages={"required": N_("Choose at least one.")})

    @pre_load
    def _one_or_several(self, data: Any, **_kwargs: Any) -> Any:
        chosen = data.get("event_types")
        return {**data, "event_types": [chosen]} if isinstance(chosen, str) else data

    @validates("event_types")
    def _known(self, value: list[str], **_kwargs: Any) -> None:
        if not value:
            raise ValidationError(N_("Choose at least one."))
        if not set(value) <= set(event_kinds.offered()):
            raise ValidationError(N_("Choose from the list."))


class NewEndpointSchema(EndpointSchema):
    """An endpoint that is added; its client stays."""

    client_id = fields.Integer(
        required=True, error_messages={"required": N_("Choose from the list."), "invalid": N_("Choose from the list.")}
    )
