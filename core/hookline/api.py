"""The JSON API's contract: what a resource is made of, for core's own and for those that plugins contribute.

A resource is plain data and plain functions: the web package mounts it, finds out who asks, checks the permission,
reads and validates what was sent, and describes it all in the OpenAPI document. Handlers never see a request of any
web framework; they are given an `ApiRequest` and pass its actor on to the services.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from hookline.domain.access import Actor
from hookline.ports.recording_store import Sound
from hookline.text import N_

#: The greatest id of a row: what an integer column holds on every database.
GREATEST_ID = 2**31 - 1


@dataclass(frozen=True)
class ApiRequest:
    """One request as a handler gets it.

    `path` holds the ids named in the operation's path, `query` and `body` what its schemas made of what was sent.
    `after` and `limit` are the page that is asked for (operations with `paged`): after the row with this key.
    """

    actor: Actor
    path: Mapping[str, int] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    after: int | None = None
    limit: int = 50


@dataclass(frozen=True)
class ApiPage:
    """One page of a list; `next` is the key after which the next one begins, None at the end."""

    items: Sequence[Any]
    next: int | None = None


@dataclass(frozen=True)
class ApiCreated:
    """Something was made: its id, and its path below the resource's own ("/7").

    `details` are answered beside the id. They are kept with the idempotency key: counts and the like, no personal data.
    """

    id: int
    path: str
    details: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = True


@dataclass(frozen=True)
class ApiDownload:
    """A file as the answer: a stored sound (of which ranges may be asked for), or text as it is made."""

    media_type: str
    file_name: str
    sound: Sound | None = None
    chunks: Iterable[str] = ()


@dataclass(frozen=True)
class ApiOperation:
    """One thing that can be done to a resource.

    `path` comes after the resource's own; ids stand in braces ("/{contact_id}"). `handler` returns what `response`
    dumps, an `ApiPage` of it (`paged`), an `ApiCreated` (status 201), an `ApiDownload` (`download` names its media
    type) or None (status 204). Errors are HooklineErrors. Each POST can be repeated safely with an idempotency key.
    """

    method: str
    path: str
    permission: str
    summary: str
    handler: Callable[[ApiRequest], Any]
    response: type[Schema] | None = None
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    status: int = 200
    paged: bool = False
    upload: bool = False  # the body is multipart/form-data
    merges: bool = False  # answers 200 instead of 201 where the thing was there already
    download: str = ""
    description: str = ""


@dataclass(frozen=True)
class ApiResource:
    """Operations on one kind of thing. Core's are at /api/v1/<name>, a plugin's at /api/v1/<plugin>/<name>."""

    name: str
    description: str
    operations: Sequence[ApiOperation]


# Fields for the schemas of resources


class PlainText(fields.String):
    """Text that any database can store: no control characters but line ends and tabs."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t" for c in text):
            raise ValidationError(N_("There are characters in it that cannot be shown."))
        return text


class Upload(fields.Field[Any]):
    """A file sent as a part of multipart/form-data: has `stream` (binary) and `filename`."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not hasattr(value, "stream"):
            raise ValidationError(N_("Send this as a file."))
        return value


def text(most: int = 200, *, least: int = 0, **options: Any) -> PlainText:
    """Text of `least` to `most` characters."""
    return PlainText(validate=validate.Length(least, most), **options)


def _sensible(when: date) -> None:
    # Further away, moments leave the calendar when they are turned into another zone.
    if not 1900 <= when.year <= 2200:
        raise ValidationError(N_("This is too far away."))


def moment(**options: Any) -> fields.AwareDateTime:
    """A moment with its zone, ISO 8601."""
    return fields.AwareDateTime(validate=_sensible, **options)


def day(**options: Any) -> fields.Date:
    """A day, 2025-03-31."""
    return fields.Date(validate=_sensible, **options)


def row_id(*, sent_as_text: bool = False, **options: Any) -> fields.Integer:
    """The id of something. In JSON it is a number; in a query or a form (`sent_as_text`) its digits."""
    return fields.Integer(strict=not sent_as_text, validate=validate.Range(1, GREATEST_ID), **options)
