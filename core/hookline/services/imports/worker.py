"""Carries an import out, batch by batch. Each batch is one transaction that also says how far the import has come, so
that after a crash it goes on with the next row."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.exc import IntegrityError

from hookline.db.bulk import insert_rows, roomy
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import ImportRejection, ImportRun, ImportWarning
from hookline.domain.events import ImportProgressed
from hookline.services.feeding import feed_campaigns
from hookline.services.imports.drafting import Drafter
from hookline.services.imports.errors import Remark
from hookline.services.imports.forms import form_of
from hookline.services.imports.merging import BatchResult, write_batch
from hookline.services.imports.model import ImportState
from hookline.services.imports.people import Target, keys_of
from hookline.services.imports.reading import Chunk, Dialect, Row, chunks, dialect_from_json
from hookline.services.imports.rows import Draft, Form
from hookline.services.imports.rules import Scope, rules_of
from hookline.services.imports.uploads import Uploads
from hookline.text import N_

log = structlog.get_logger(__name__)
#: Rows in one transaction: many enough for speed, few enough that agents' own writes need not wait long.
BATCH = 10_000
_TRIES = 3

_FAILED = N_(
    "The import stopped because of an internal error. The rows before it are in; import the file again to bring in the "
    "rest, nothing will be doubled."
)


@dataclass(frozen=True)
class _Plan:
    import_id: int
    worker: str
    stored_as: str
    dialect: Dialect
    form: Form
    target: Target
    done: int


class Superseded(Exception):
    """Another worker has taken the import over, or it was cancelled."""


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
            drafter = Drafter(plan.form)
            with _rarely_collected():
                for chunk in self._chunks(plan, drafter):
                    if self._stopping.is_set():
                        return
                    self._write(plan, len(chunk.rows), *drafter.drafts(chunk))
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
            form = form_of(session, run)
        return _Plan(
            import_id=import_id,
            worker=worker,
            stored_as=run.stored_as,
            dialect=dialect_from_json(run.dialect),
            form=form,
            target=Target(run.client_id, run.list_id, import_id, rules_of(run.rules)),
            done=run.done,
        )

    def _chunks(self, plan: _Plan, drafter: Drafter) -> Iterator[Chunk]:
        """The rows that are not done yet. Those before them are only read where rows that come twice are left out."""
        path, rules = self._uploads.path(plan.stored_as), plan.target.rules
        if plan.done and rules.leave_out in (Scope.FILE, Scope.CAMPAIGN):
            left = plan.done
            for chunk in chunks(path, plan.dialect, 0, BATCH):
                before = replace(chunk, numbers=chunk.numbers[:left], rows=chunk.rows[:left])
                for draft in drafter.drafts(before)[0]:
                    plan.target.seen.update(keys_of(draft, rules.key))
                left -= len(before.rows)
                if left <= 0:
                    break
        return chunks(path, plan.dialect, plan.done, BATCH)

    def _write(self, plan: _Plan, count: int, drafts: list[Draft], rejections: list[tuple[Row, Remark]]) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                with self._db.write() as unit, roomy(unit.session):
                    result = _write_in(unit, plan, count, drafts, rejections)
            except IntegrityError:
                # Another import added the same number at the same moment (PostgreSQL): look again, then merge.
                if attempt == _TRIES:
                    raise
            else:
                plan.target.seen.update(result.seen)
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
            unit.emit(progress_of(run))
        self._uploads.delete(stored_as)


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """Look for garbage cycles less often: a batch makes many small objects and no cycle, and looking at them over and
    over takes a quarter of the time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _write_in(
    unit: UnitOfWork, plan: _Plan, count: int, drafts: list[Draft], rejections: list[tuple[Row, Remark]]
) -> BatchResult:
    run = unit.session.get_one(ImportRun, plan.import_id)
    if run.worker != plan.worker or run.state != ImportState.RUNNING:
        raise Superseded
    result = write_batch(unit.session, plan.target, drafts, unit.clock.now())
    rejected = sorted([*rejections, *result.rejections], key=lambda pair: pair[0].number)
    insert_rows(
        unit.session,
        ImportRejection,
        ("import_id", "row_number", "reason", "params", "cells"),
        [(run.id, row.number, why.message, why.params, list(row.cells)) for row, why in rejected],
    )
    insert_rows(
        unit.session,
        ImportWarning,
        ("import_id", "row_number", "message", "params"),
        [(run.id, row.number, what.message, what.params) for row, what in result.warnings],
    )
    _count(run, count, len(rejected), result)
    unit.session.flush()
    feed_campaigns(unit, plan.target.list_id, result.written.ids)
    unit.emit(progress_of(run))
    return result


def _count(run: ImportRun, rows: int, rejected: int, result: BatchResult) -> None:
    run.done += rows
    run.imported += result.imported
    run.merged += result.merged
    run.rejected += rejected
    run.duplicates += result.duplicates
    run.suppressed += result.suppressed
    run.warnings += len(result.warnings)
    if made := result.written.made:
        run.first_contact_id = min(made[0], run.first_contact_id or made[0])
        run.last_contact_id = max(made[-1], run.last_contact_id or 0)


def progress_of(run: ImportRun) -> ImportProgressed:
    """How far the import has come, to be told."""
    return ImportProgressed(
        client_id=run.client_id, import_id=run.id, state=run.state, done=run.done, total=max(run.total, run.done)
    )
