"""Forms with rows: each row's field keeps its own messages, under "rows.<index>.<field>"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError

from hookline.errors import InvalidInput
from hookline.text import N_


def load_rows(schema: Schema, data: Mapping[str, Any]) -> Any:
    """What the schema makes of the data; raises InvalidInput with the messages of every field and row."""
    try:
        return schema.load(data, unknown=EXCLUDE)
    except ValidationError as error:
        fields: dict[str, list[str]] = {}
        for path, message in _messages(error.messages, ""):
            fields.setdefault(path or "_schema", []).append(message)
        raise InvalidInput(
            N_("Some fields need another look."), N_("Mend the marked fields and send again."), fields
        ) from error


def _messages(found: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping):
        for name, inner in found.items():
            yield from _messages(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(found, list | tuple):
        for inner in found:
            yield from _messages(inner, path)
    else:
        yield path.removesuffix("._schema"), str(found)
