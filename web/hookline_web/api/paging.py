"""Pages of lists: `after` is where the page before ended. It is opaque, so that what it holds may change."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import urlencode

from flask import request
from marshmallow import Schema, fields, validate

from hookline.api import GREATEST_ID
from hookline.errors import InvalidInput
from hookline.text import N_

MOST = 200
USUAL = 50


class PageQuerySchema(Schema):
    """Which page of a list."""

    limit = fields.Integer(
        load_default=USUAL, validate=validate.Range(1, MOST), metadata={"description": "The most items to answer."}
    )
    after = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={"description": "`next` of the page before; leave it out for the first page."},
    )


def pack(listing: str, key: int) -> str:
    """The cursor that goes on after the key in the listing."""
    return urlsafe_b64encode(f"{listing}:{key}".encode()).decode().rstrip("=")


def unpack(listing: str, cursor: str) -> int | None:
    """The key in the cursor, None for the first page; raises InvalidInput where it is none of this listing."""
    if not cursor:
        return None
    try:
        found, _, key = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition(":")
        number = int(key)
    except (binascii.Error, ValueError):
        raise _unknown() from None
    if found != listing or not 0 < number <= GREATEST_ID:
        raise _unknown()
    return number


def _unknown() -> InvalidInput:
    return InvalidInput(
        N_("This is no page of this list."),
        N_("Take “after” from the answer before, or leave it out for the first page."),
        {"after": [N_("This is no page of this list.")]},
    )


def link(cursor: str) -> str:
    """The header Link that leads to the next page."""
    asked = {**request.args.to_dict(), "after": cursor}
    return f'<{request.path}?{urlencode(asked)}>; rel="next"'
