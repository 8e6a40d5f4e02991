"""Carries an import out, batch by batch. Each batch is one transaction that also says how far the import has come, so
that after a crash it goes on with the next row."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import structlog
from sqlalchemy.exc import IntegrityError

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import ContactList, ImportRejection, ImportRun, ImportWarning
from hookline.domain.events import ImportProgressed
from hookline.services.feeding import feed_campaigns
from hookline.services.imports.errors import Remark, RowRejected
from hookline.services.imports.mapping import ColumnMap
from hookline.services.imports.merging import write_batch
from hookline.services.imports.model import ImportState
from hookline.services.imports.reading import Dialect, Row, dialect_from_json, rows
from hookline.services.imports.rows import Draft, to_draft
from hookline.services.imports.uploads import Uploads
from hookline.text import N_

log = structlog.get_logger(__name__)
BATCH = 500
_TRIES = 3

_FAILED = N_(
    "The import stopped because of an internal error. The rows before it are in; import the file again to bring in the "
    "rest, nothing will be doubled."
)


@dataclass(frozen=True)
class _Plan:
    import_id: int
    worker: str
    client_id: int
    list_id: int
    country: str
    stored_as: str
    dialect: Dialect
    mapping: ColumnMap
    done: int


class Superseded(Exception):
    """Another worker has taken the import over."""


class ImportWorker:
    """Runs one import to its end, or until `stopping` is set: then it stays as it is, to be continued."""

    def __init__(self, db: Database, uploads: Uploads, stopping: threading.Event) -> None:
        self._db = db
        self._uploads = uploads
        self._stopping = stopping

    def run(self, import_id: int, worker: str) -> None:
        """Carry the import out; what goes wrong is written to the import, never raised."""
        try:
            plan = self._plan(import_id, worker)
            path = self._uploads.path(plan.stored_as)
            for batch in _batches(islice(rows(path, plan.dialect), plan.done, None)):
                if self._stopping.is_set():
                    return
                self._write(plan, batch)
            self._end(import_id, worker, ImportState.DONE, "")
        except Superseded:
            log.info("import continues elsewhere", import_id=import_id)
        except Exception as error:
            # Database errors carry the row's values: the log gets the kind only.
            log.error("import failed", import_id=import_id, error_type=type(error).__name__)
            self._end(import_id, worker, ImportState.FAILED, _FAILED)

    def _plan(self, import_id: int, worker: str) -> _Plan:
        with self._db.read() as session:
            run = session.get_one(ImportRun, import_id)
            country = session.get_one(ContactList, run.list_id).country
        return _Plan(
            import_id=import_id,
            worker=worker,
            client_id=run.client_id,
            list_id=run.list_id,
            country=country,
            stored_as=run.stored_as,
            dialect=dialect_from_json(run.dialect),
            mapping={int(position): str(name) for position, name in run.mapping.items()},
            done=run.done,
        )

    def _write(self, plan: _Plan, batch: list[Row]) -> None:
        drafts, rejections = _drafts(plan, batch)
        for attempt in range(1, _TRIES + 1):
            try:
                with self._db.write() as unit:
                    _write_in(unit, plan, len(batch), drafts, rejections)
            except IntegrityError:
                # Another import added the same number at the same moment (PostgreSQL): look again, then merge.
                if attempt == _TRIES:
                    raise
            else:
                return

    def _end(self, import_id: int, worker: str, state: ImportState, error: str) -> None:
        with self._db.write() as unit:
            run = unit.session.get_one(ImportRun, import_id)
            if run.worker != worker or run.state != ImportState.RUNNING:
                return
            stored_as, run.stored_as = run.stored_as, ""
            run.state, run.error, run.finished_at = state.value, error, unit.clock.now()
            if state is ImportState.DONE:
                run.total = run.done
            unit.emit(_progress(run))
        self._uploads.delete(stored_as)


def _batches(source: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(source, BATCH)):
        yield batch


def _drafts(plan: _Plan, batch: Iterable[Row]) -> tuple[list[Draft], list[tuple[Row, Remark]]]:
    drafts: list[Draft] = []
    rejections: list[tuple[Row, Remark]] = []
    for row in batch:
        try:
            drafts.append(to_draft(row, plan.mapping, len(plan.dialect.columns), plan.country))
        except RowRejected as rejected:
            rejections.append((row, rejected.remark))
    return drafts, rejections


def _write_in(
    unit: UnitOfWork, plan: _Plan, count: int, drafts: list[Draft], rejections: list[tuple[Row, Remark]]
) -> None:
    run = unit.session.get_one(ImportRun, plan.import_id)
    if run.worker != plan.worker or run.state != ImportState.RUNNING:
        raise Superseded
    result = write_batch(unit.session, plan.client_id, plan.list_id, drafts, unit.clock.now())
    rejected = sorted([*rejections, *result.rejections], key=lambda pair: pair[0].number)
    unit.session.add_all(
        ImportRejection(
            import_id=run.id, row_number=row.number, reason=why.message, params=why.params, cells=list(row.cells)
        )
        for row, why in rejected
    )
    unit.session.add_all(
        ImportWarning(import_id=run.id, row_number=row.number, message=what.message, params=what.params)
        for row, what in result.warnings
    )
    run.done += count
    run.imported += result.imported
    run.merged += result.merged
    run.rejected += len(rejected)
    run.warnings += len(result.warnings)
    unit.session.flush()
    feed_campaigns(unit, plan.list_id, sorted({contact.id for contact in result.contacts}))
    unit.emit(_progress(run))


def _progress(run: ImportRun) -> ImportProgressed:
    return ImportProgressed(
        client_id=run.client_id, import_id=run.id, state=run.state, done=run.done, total=max(run.total, run.done)
    )
