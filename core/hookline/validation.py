"""The boundary: whatever comes from outside passes a marshmallow schema before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing

from hookline.errors import InvalidInput
from hookline.text import N_


def load(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """The validated data, unknown fields dropped; raises InvalidInput with each field's messages."""
    try:
        loaded: dict[str, Any] = schema.load(data, unknown=EXCLUDE)
    except ValidationError as error:
        raise InvalidInput(
            N_("Some fields need another look."), N_("Mend the marked fields and send again."), field_messages(error)
        ) from error
    return loaded


def field_messages(error: ValidationError) -> dict[str, list[str]]:
    messages = error.messages if isinstance(error.messages, Mapping) else {"_schema": error.messages}
    return {str(field): _flat(texts) for field, texts in messages.items()}


def _flat(messages: Any) -> list[str]:
    if isinstance(messages, Mapping):
        return [text for inner in messages.values() for text in _flat(inner)]
    if isinstance(messages, list | tuple):
        return [text for inner in messages for text in _flat(inner)]
    return [str(messages)]


def line(*, required: bool = False, most: int = 200) -> fields.String:
    """A schema field for one line of text: spaces at its ends dropped, no control characters, at most `most` long."""
    return _Line(
        required=required,
        load_default=missing if required else "",
        error_messages={"required": [N_("Fill this in.")]},
        metadata={"most": most},
    )


class _Line(fields.String):
    """One line of text; empty counts as missing where the field is required."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = " ".join(str(super()._deserialize(value, attr, data, **kwargs)).split())
        if self.required and not text:
            raise ValidationError(N_("Fill this in."))
        if len(text) > self.metadata["most"]:
            raise ValidationError(N_("This is too long."))
        if not text.isprintable():
            raise ValidationError(N_("There are characters in it that cannot be shown."))
        return text
