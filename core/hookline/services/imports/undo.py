"""Undoes an import: the contacts it made are removed where nothing has happened with them since, with what may be said
beforehand: how many go, how many stay, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, case, delete, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from hookline.db import locks
from hookline.db.base import Base
from hookline.db.bulk import among, table_of
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import (
    Attempt,
    CampaignContact,
    Contact,
    ContactNumber,
    ContactSearch,
    ContactTag,
    ImportRun,
    ListContact,
)
from hookline.domain.access import Actor
from hookline.domain.campaigns import RecordState
from hookline.domain.events import ImportProgressed
from hookline.errors import Conflict
from hookline.services.imports.model import ImportState
from hookline.services.imports.service import reachable_run
from hookline.text import N_

_BATCH = 5_000
#: What goes with a contact; any other table that points at one keeps it.
_OWN: tuple[type[Base], ...] = (ContactNumber, ListContact, ContactTag, ContactSearch, CampaignContact)
CALLED, CHANGED, ON_OTHER_LIST, IN_USE = "called", "changed", "other_list", "in_use"
#: Why a contact stays, as message ids, in the order in which the first that holds is named.
REASONS = {
    CALLED: N_("called, or an attempt was made"),
    CHANGED: N_("changed since"),
    ON_OTHER_LIST: N_("on another list too"),
    IN_USE: N_("other records refer to them, such as consents"),
}


@dataclass(frozen=True)
class UndoPreview:
    """What undoing would do: contacts that go; those that stay, by reason; contacts that were there before the import
    and are only taken off its list."""

    removable: int
    staying: dict[str, int]
    unlisted: int


class ImportUndo:
    """Previews and undoes imports that have ended."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def preview(self, actor: Actor, import_id: int) -> UndoPreview:
        """What undoing the import now would do; changes nothing. Raises NotFound, Conflict."""
        actor.require("contacts.import")
        with self._db.read() as session:
            run = _undoable(session, actor, import_id)
            reason = _reason(run)
            counted = session.execute(select(reason, func.count()).where(_made_by(run)).group_by(reason))
            by_reason = {row[0]: row[1] for row in counted}
            removable = by_reason.pop("", 0)
            unlisted = session.scalar(select(func.count()).select_from(ListContact).where(_placed_by(run)))
            made = removable + sum(by_reason.values())
        return UndoPreview(
            removable, {r: by_reason[r] for r in REASONS if r in by_reason}, max((unlisted or 0) - made, 0)
        )

    def undo(self, actor: Actor, import_id: int) -> int:
        """Remove what `preview` says; returns how many contacts are gone. What stays is kept whole, on its list."""
        actor.require("contacts.import")
        with self._db.read() as session:
            run = _undoable(session, actor, import_id)
        removed, after = 0, (run.first_contact_id or 0) - 1
        while run.last_contact_id is not None and after < run.last_contact_id:
            with self._db.write() as unit:
                locks.exclusive(unit.session, locks.contacts_of(run.client_id))
                gone = _remove_some(unit, run, after)
                unit.session.get_one(ImportRun, import_id).removed += gone
            removed, after = removed + gone, after + _BATCH
        with self._db.write() as unit:
            _take_off_list(unit.session, run)
            fresh = unit.session.get_one(ImportRun, import_id)
            fresh.state, fresh.undone_at = ImportState.UNDONE.value, unit.clock.now()
            unit.emit(
                ImportProgressed(
                    client_id=run.client_id, import_id=run.id, state=fresh.state, done=fresh.done, total=fresh.total
                )
            )
        return removed


def _undoable(session: Session, actor: Actor, import_id: int) -> ImportRun:
    run = reachable_run(session, actor.scope, import_id)
    if run.state == ImportState.UNDONE:
        raise Conflict(N_("This import has been undone already."))
    if run.state in (ImportState.UPLOADED, ImportState.RUNNING):
        raise Conflict(N_("This import has not ended yet."), N_("Cancel it first, then undo what was written."))
    return run


def _made_by(run: ImportRun) -> ColumnElement[bool]:
    between = Contact.id.between(run.first_contact_id or 0, run.last_contact_id or -1)
    return between & (Contact.import_id == run.id)


def _placed_by(run: ImportRun) -> ColumnElement[bool]:
    return (ListContact.list_id == run.list_id) & (ListContact.import_id == run.id)


def _reason(run: ImportRun) -> ColumnElement[str]:
    """Why a contact stays; "" where it goes."""
    called = exists().where(Attempt.contact_id == Contact.id).correlate(Contact)
    in_work = exists().where(
        CampaignContact.contact_id == Contact.id,
        or_(CampaignContact.state != RecordState.NEW.value, CampaignContact.attempts > 0),
    )
    elsewhere = exists().where(ListContact.contact_id == Contact.id, ListContact.list_id != run.list_id)
    return case(
        (or_(called, in_work.correlate(Contact)), literal(CALLED)),
        (Contact.updated_at != Contact.created_at, literal(CHANGED)),
        (elsewhere.correlate(Contact), literal(ON_OTHER_LIST)),
        (or_(*_pointed_at()), literal(IN_USE)),
        else_=literal(""),
    )


def _pointed_at() -> list[ColumnElement[bool]]:
    """Whether a row of any other table, plugins' included, points at the contact."""
    own = {table_of(model) for model in _OWN} | {table_of(Attempt)}
    return [
        exists().where(column == Contact.id).correlate(Contact)
        for table in Base.metadata.tables.values()
        if isinstance(table, Table) and table not in own
        for column in table.columns
        if any(key.column is table_of(Contact).columns["id"] for key in column.foreign_keys)
    ] or [literal(False)]


def _remove_some(unit: UnitOfWork, run: ImportRun, after: int) -> int:
    session = unit.session
    some = Contact.id.between(after + 1, after + _BATCH)
    ids = list(session.scalars(select(Contact.id).where(_made_by(run), some, _reason(run) == "")))
    if ids:
        for model in _OWN:
            column = model.contact_id  # type: ignore[attr-defined]
            session.execute(delete(model).where(among(session, column, ids)).execution_options(**_QUICK))
        session.execute(delete(Contact).where(among(session, Contact.id, ids)).execution_options(**_QUICK))
    return len(ids)


def _take_off_list(session: Session, run: ImportRun) -> None:
    """Contacts that were there before the import leave its list; those it made and that stay remain on it."""
    made = exists().where(Contact.id == ListContact.contact_id, Contact.import_id == run.id)
    session.execute(delete(ListContact).where(_placed_by(run), ~made).execution_options(**_QUICK))


_QUICK = {"synchronize_session": False}
