"""Rows are held as they are read, where what is decided by them must still be true at the commit.

SQLite has one writer at a time, and services are written so: read, decide, change. On PostgreSQL writers run side by
side. There the session of a write transaction locks each row of a table marked `held` (see `Base`) when it loads it as
an object, by primary key or by a query for nothing else, and loads it as it stands now. A second writer waits for the
first one's commit and then decides by what that left, so that services need not know on which database they run.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, event
from sqlalchemy.orm import ORMExecuteState, Session

#: New rows may still point at a held one (foreign keys).
FOR_CHANGE: dict[str, Any] = {"key_share": True}


class HoldingSession(Session):
    """The session of a write transaction on PostgreSQL."""

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """As `Session.get`; a row of a held table is locked, also where the session knew it before."""
        if getattr(entity, "held", False) and options.get("with_for_update") is None:
            self.flush()  # what this block has changed must not be read over
            options.update(with_for_update=FOR_CHANGE, populate_existing=True)
        return super().get(entity, ident, **options)


@event.listens_for(HoldingSession, "do_orm_execute")
def _hold(state: ORMExecuteState) -> None:
    statement = state.statement
    if not isinstance(statement, Select) or state.is_relationship_load or state.is_column_load:
        return
    wanted = statement.column_descriptions
    # A query may say itself how it locks.
    if len(wanted) != 1 or wanted[0]["expr"] is not wanted[0]["entity"] or statement._for_update_arg is not None:
        return
    entity = wanted[0]["entity"]
    if getattr(entity, "held", False):
        state.statement = statement.with_for_update(of=entity, **FOR_CHANGE)
        state.update_execution_options(populate_existing=True)
