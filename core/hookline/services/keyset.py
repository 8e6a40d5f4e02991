"""Pages of long tables by key: each page begins after (or ends before) the id of a row, so that none is slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")


@dataclass(frozen=True)
class Cursor:
    """Where to go on: rows after this id in the list's order, or before it. Neither: the list's beginning."""

    after: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class KeysetPage(Generic[T]):
    """Rows in the list's order, and the ids to go on with: `previous` for `before`, `next` for `after`."""

    rows: tuple[T, ...]
    previous: int | None = None
    next: int | None = None


def fetch(
    session: Session,
    query: Select[*tuple[Any, ...]],
    key: InstrumentedAttribute[int],
    cursor: Cursor,
    size: int,
    *,
    newest_first: bool = False,
) -> tuple[list[Any], bool, bool]:
    """One page of `query` ordered by `key`; the rows, and whether there are more before and after them."""
    backwards = cursor.before is not None
    edge = cursor.before if backwards else cursor.after
    descending = newest_first != backwards
    wanted = query
    if edge is not None:
        wanted = query.where(key < edge if descending else key > edge)
    found: list[Any] = list(session.execute(wanted.order_by(key.desc() if descending else key).limit(size + 1)))
    more, rows = len(found) > size, found[:size]
    if not backwards:
        return rows, edge is not None, more
    if not more:
        # The beginning is reached: a whole first page, not what happened to be left before it.
        return fetch(session, query, key, Cursor(), size, newest_first=newest_first)
    rows.reverse()
    return rows, True, True


def page(rows: Sequence[T], more_before: bool, more_after: bool, key: Callable[[T], int]) -> KeysetPage[T]:
    """The page with its cursors."""
    if not rows:
        return KeysetPage(())
    return KeysetPage(tuple(rows), key(rows[0]) if more_before else None, key(rows[-1]) if more_after else None)
