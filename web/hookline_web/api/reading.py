"""Reads what was sent, by marshmallow, and says of each field what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from flask import Request, request
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from hookline.errors import InvalidInput
from hookline.services.imports.uploads import MAX_BYTES
from hookline.text import N_
from hookline_web.api.problems import MalformedJson, UnsupportedMedia

_MOST_JSON = 1024 * 1024


class Reader(FlaskParser):
    """webargs with our errors. What an operation does not know is refused: a misspelt name is no wish granted."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "json": RAISE, "query": RAISE}  # noqa: RUF012

    def _raw_load_json(self, req: Request) -> Any:
        req.max_content_length = _MOST_JSON
        try:
            return super()._raw_load_json(req)
        except (ValueError, RecursionError) as error:
            # Numbers of thousands of digits, and brackets nested as deep: no JSON that anybody means.
            raise _malformed() from error

    def _handle_invalid_json_error(self, error: Any, req: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise _malformed() from error

    def handle_error(self, error: ValidationError, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise the error as InvalidInput, its fields without the place they came from."""
        by_place = error.messages if isinstance(error.messages, Mapping) else {"": error.messages}
        raise refused(list(by_place.values())) from error


def require_media(kind: str) -> None:
    """Raise UnsupportedMedia unless the body is of this kind."""
    if request.mimetype != kind and not (kind == "application/json" and request.is_json):
        raise UnsupportedMedia(
            N_("The body must be %(kind)s."), N_("Say so in the header Content-Type."), params={"kind": kind}
        )


def load_upload(schema: Schema) -> dict[str, Any]:
    """The validated parts of a multipart/form-data body; its files go to the disk as they come."""
    request.max_content_length = MAX_BYTES + _MOST_JSON
    sent = {**request.form.to_dict(), **request.files.to_dict()}
    try:
        loaded: dict[str, Any] = schema.load(sent, unknown=RAISE)
    except ValidationError as error:
        raise refused(error.messages) from error
    return loaded


def refused(messages: Any) -> InvalidInput:
    """The messages as an error; a field inside a list or an object is named by its path, "numbers.0"."""
    named: dict[str, list[str]] = {}
    for path, message in _flat(messages, ""):
        named.setdefault(path or "_schema", []).append(message)
    return InvalidInput(N_("Some fields need another look."), N_("Mend the marked fields and send again."), named)


def _flat(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _flat(inner, path)
    else:
        yield path.removesuffix("._schema"), str(messages)


def _malformed() -> MalformedJson:
    return MalformedJson(N_("The body is no JSON."), N_("Check its quotes, commas and brackets."))
