"""Long lists in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request, url_for

T = TypeVar("T")
SIZE = 50


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list: `number` counts from 1, `total` is the length of the whole list."""

    items: Sequence[T]
    total: int
    number: int = 1
    size: int = SIZE

    @property
    def first(self) -> int:
        """The number of the first shown thing, from 1."""
        return (self.number - 1) * self.size + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last shown thing."""
        return (self.number - 1) * self.size + len(self.items)

    @property
    def previous_address(self) -> str | None:
        """Where the page before is."""
        return _address(self.number - 1) if self.number > 1 else None

    @property
    def next_address(self) -> str | None:
        """Where the next page is."""
        return _address(self.number + 1) if self.last < self.total else None


def requested_page() -> int:
    """The page number asked for by ?page=, at least 1."""
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _address(number: int) -> str:
    arguments = {**request.args.to_dict(), **(request.view_args or {}), "page": number}
    return url_for(request.endpoint or "home.start", **arguments)
