"""The boundary: whatever comes from outside passes a marshmallow schema before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError

from hookline.errors import InvalidInput


def load(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """The validated data, unknown fields dropped; raises InvalidInput with each field's messages."""
    try:
        loaded: dict[str, Any] = schema.load(data, unknown=EXCLUDE)
    except ValidationError as error:
        raise InvalidInput(
            "Some fields need another look.", "Mend the marked fields and send again.", _messages(error)
        ) from error
    return loaded


def _messages(error: ValidationError) -> dict[str, list[str]]:
    messages = error.messages if isinstance(error.messages, Mapping) else {"_schema": error.messages}
    return {str(field): _flat(texts) for field, texts in messages.items()}


def _flat(messages: Any) -> list[str]:
    if isinstance(messages, Mapping):
        return [text for inner in messages.values() for text in _flat(inner)]
    if isinstance(messages, list | tuple):
        return [text for inner in messages for text in _flat(inner)]
    return [str(messages)]
