"""Texts that are translated where they are shown, not where they are made."""

from __future__ import annotations

from collections.abc import Mapping


def N_(message: str) -> str:  # the name that gettext's extractors know
    """Mark a message id for translation and hand it back unchanged."""
    return message


def fill(message: str, params: Mapping[str, object]) -> str:
    """The message with "%(name)s" filled in; left as it is where there is nothing to fill in."""
    return message % params if params else message
