"""Reads a header or two out of a SIP message that the library hands over as text."""

from __future__ import annotations

OFFER_HEADER = "X-Hookline-Offer"
"""By which a cell knows a call that it was told of; never passed on."""

_PREFIX = "x-"
_MOST = 20
_LONGEST = 200


def headers_of(message: str) -> dict[str, str]:
    """The custom headers (`X-…`) of a message, at most 20, cut at 200 characters, without control characters."""
    found: dict[str, str] = {}
    for line in message.partition("\r\n\r\n")[0].split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()[:_LONGEST]
        if not colon or not name.lower().startswith(_PREFIX) or name.lower() == OFFER_HEADER.lower():
            continue
        if value.isprintable() and len(found) < _MOST:
            found[name] = value
    return found


def token_of(message: str) -> str:
    """The token of a call that was announced; empty where there is none."""
    for line in message.partition("\r\n\r\n")[0].split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.strip().lower() == OFFER_HEADER.lower():
            return value.strip()
    return ""
