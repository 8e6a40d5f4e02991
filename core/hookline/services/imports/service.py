"""Imports of contact lists: upload, mapping with a preview, the run in the background, the report."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, delete, select, true
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Campaign, CampaignList, ContactList, ImportRun, ListContact
from hookline.domain.access import Actor, Scope
from hookline.errors import Conflict, NotFound
from hookline.services.imports import mapping as mappings
from hookline.services.imports import reading
from hookline.services.imports.errors import MappingRefused, Remark, RowRejected
from hookline.services.imports.forms import form_of
from hookline.services.imports.mapping import ColumnMap
from hookline.services.imports.model import ImportState, NewList, Preview, PreviewRow
from hookline.services.imports.reading import Row
from hookline.services.imports.rows import Form, to_draft
from hookline.services.imports.rules import ImportRules
from hookline.services.imports.uploads import Uploads
from hookline.services.imports.worker import ImportWorker, progress_of
from hookline.services.lists import add_list, checked_country, open_list, reachable_list
from hookline.text import N_

_PREVIEW_ROWS = 10
#: Key in the stored dialect: the list was made with this upload, and goes with it where the import is never started.
_MADE_LIST = "made_list"
_WAIT_FOR_MAPPING = timedelta(hours=24)


class ImportService:
    """Brings CSV files and workbooks into contact lists. `folder` keeps the uploads until their imports end."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._uploads = Uploads(folder)
        self._stopping = threading.Event()
        self._worker = ImportWorker(db, self._uploads, self._stopping)
        self._pool: ThreadPoolExecutor | None = None
        self._running: dict[int, Future[None]] = {}

    # Before the run

    def upload(self, actor: Actor, stream: BinaryIO, file_name: str, target: int | NewList) -> int:
        """Take a file in for a list (by id, or to be made with it); returns the import's id.

        Raises `FileRefused` with what was found in it; then neither file nor list is kept.
        """
        actor.require("contacts.import")
        country = self._country(actor.scope, target)
        stored_as = self._uploads.store(stream)
        try:
            found = reading.inspect(self._uploads.path(stored_as))
            guessed = mappings.guess(found, country)
            with self._db.write() as unit:
                list_id = (
                    add_list(unit, actor.scope, target.client_id, target.name, target.country)
                    if isinstance(target, NewList)
                    else target
                )
                run = ImportRun(
                    client_id=open_list(unit.session, actor.scope, list_id).client_id,
                    list_id=list_id,
                    file_name=PurePath(file_name.replace("\\", "/")).name[:200] or "upload.csv",
                    stored_as=stored_as,
                    dialect={**reading.dialect_to_json(found.dialect), _MADE_LIST: isinstance(target, NewList)},
                    mapping=_mapping_to_json(guessed),
                    total=found.rows,
                    created_by=actor.user_id,
                    created_at=unit.clock.now(),
                )
                unit.session.add(run)
                unit.session.flush()
                return run.id
        except BaseException:
            self._uploads.delete(stored_as)
            raise

    def _country(self, scope: Scope, target: int | NewList) -> str:
        if isinstance(target, NewList):
            return checked_country(target.country)
        with self._db.read() as session:
            return reachable_list(session, scope, target).country

    def reread(self, actor: Actor, import_id: int, *, delimiter: str | None, has_header: bool | None) -> None:
        """Look at the file again with another separator or header; the mapping is guessed anew."""
        run, country = self._waiting(actor, import_id)
        found = reading.inspect(self._uploads.path(run.stored_as), delimiter, has_header)
        with self._db.write() as unit:
            fresh = unit.session.get_one(ImportRun, import_id)
            fresh.dialect, fresh.total = {**fresh.dialect, **reading.dialect_to_json(found.dialect)}, found.rows
            fresh.mapping = _mapping_to_json(mappings.guess(found, country))

    def set_mapping(self, actor: Actor, import_id: int, mapping: Mapping[int, str]) -> None:
        """Keep the mapping, checked, without starting."""
        run, _ = self._waiting(actor, import_id)
        checked = mappings.check(mapping, reading.dialect_from_json(run.dialect))
        with self._db.write() as unit:
            unit.session.get_one(ImportRun, import_id).mapping = _mapping_to_json(checked)

    def set_rules(self, actor: Actor, import_id: int, rules: ImportRules) -> None:
        """Say what becomes of rows about contacts that are known. Raises NotFound for a campaign of another client."""
        run, _ = self._waiting(actor, import_id)
        with self._db.write() as unit:
            require_campaign(unit.session, actor.scope, run.client_id, rules)
            unit.session.get_one(ImportRun, import_id).rules = rules.to_json()

    def set_mapping_by_words(self, actor: Actor, import_id: int, pairs: Mapping[str, str]) -> None:
        """Change the guess by "field → column" pairs, as given at the command line."""
        run, _ = self._waiting(actor, import_id)
        dialect = reading.dialect_from_json(run.dialect)
        self.set_mapping(actor, import_id, mappings.from_words(pairs, dialect, _mapping_of(run)))

    def preview(self, actor: Actor, import_id: int, mapping: Mapping[int, str] | None = None) -> Preview:
        """The first rows as they would come in with this mapping (default: the one kept); changes nothing."""
        run, _ = self._waiting(actor, import_id)
        dialect = reading.dialect_from_json(run.dialect)
        wanted = _mapping_of(run) if mapping is None else dict(mapping)
        problem = None
        try:
            wanted = mappings.check(wanted, dialect)
        except MappingRefused as error:
            problem = Remark(error.message_id, error.params)
        first = islice(reading.rows(self._uploads.path(run.stored_as), dialect), _PREVIEW_ROWS)
        with self._db.read() as session:
            form = form_of(session, run, {} if problem else wanted)
        shown = tuple(_preview_row(row, form) for row in first)
        return Preview(dialect, wanted, shown, run.total, reading.duplicate_labels(dialect.columns), problem)

    def discard(self, actor: Actor, import_id: int) -> None:
        """Throw an upload away that was not started; a list that was made for it goes too, where nothing uses it."""
        run, _ = self._waiting(actor, import_id)
        with self._db.write() as unit:
            _drop(unit.session, unit.session.get_one(ImportRun, import_id))
        self._uploads.delete(run.stored_as)

    def _waiting(self, actor: Actor, import_id: int) -> tuple[ImportRun, str]:
        actor.require("contacts.import")
        with self._db.read() as session:
            run = reachable_run(session, actor.scope, import_id)
            country = session.get_one(ContactList, run.list_id).country
        if run.state != ImportState.UPLOADED:
            raise Conflict(N_("This import has already been started."), N_("Upload the file again to import it again."))
        if not self._uploads.path(run.stored_as).exists():
            raise Conflict(N_("The uploaded file is no longer there."), N_("Upload it again."))
        return run, country

    # The run

    def start(self, actor: Actor, import_id: int) -> None:
        """Run the import in the background with the mapping kept; raises `MappingRefused` where that has no phone."""
        worker = self._claim_waiting(actor, import_id)
        self._submit(import_id, worker)

    def run(self, actor: Actor, import_id: int) -> None:
        """Run the import here and now, until it ends."""
        self._worker.run(import_id, self._claim_waiting(actor, import_id))

    def wait(self, import_id: int, timeout: float) -> None:
        """Wait until a background run of this process ends; TimeoutError after `timeout` seconds."""
        running = self._running.get(import_id)
        if running is not None:
            running.result(timeout)

    def recover(self) -> None:
        """At start: continue imports that a stop or crash interrupted, and delete uploads nobody started in a day."""
        self._stopping.clear()
        now = self._db.clock.now()
        with self._db.write() as unit:
            waited_too_long = (ImportRun.state == ImportState.UPLOADED.value) & (
                ImportRun.created_at < now - _WAIT_FOR_MAPPING
            )
            for stale in unit.session.scalars(select(ImportRun).where(waited_too_long)).all():
                _drop(unit.session, stale)
            interrupted = unit.session.scalars(
                select(ImportRun).where(ImportRun.state == ImportState.RUNNING.value).order_by(ImportRun.id)
            ).all()
            for run in interrupted:
                run.worker = secrets.token_hex(8)
        with self._db.read() as session:
            kept = session.scalars(select(ImportRun.stored_as).where(ImportRun.stored_as != "")).all()
        self._uploads.delete_all_but(kept, (now - _WAIT_FOR_MAPPING).timestamp())
        for run in interrupted:
            self._submit(run.id, run.worker)

    def cancel(self, actor: Actor, import_id: int) -> None:
        """Stop a running import for good: rows that were written are kept until somebody undoes it. Raises Conflict."""
        actor.require("contacts.import")
        with self._db.write() as unit:
            run = reachable_run(unit.session, actor.scope, import_id)
            if run.state != ImportState.RUNNING:
                raise Conflict(N_("This import is not running."))
            stored_as, run.stored_as = run.stored_as, ""
            run.state, run.finished_at = ImportState.CANCELLED.value, unit.clock.now()
            unit.emit(progress_of(run))
        self._uploads.delete(stored_as)

    def stop(self) -> None:
        """Stop after the batch in hand; what is left is continued by the next `recover`."""
        self._stopping.set()
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None

    def _claim_waiting(self, actor: Actor, import_id: int) -> str:
        run, _ = self._waiting(actor, import_id)
        checked = mappings.check(_mapping_of(run), reading.dialect_from_json(run.dialect))
        worker = secrets.token_hex(8)
        with self._db.write() as unit:
            fresh = unit.session.get_one(ImportRun, import_id)
            if fresh.state != ImportState.UPLOADED:
                raise Conflict(N_("This import has already been started."))
            fresh.state, fresh.worker, fresh.started_at = ImportState.RUNNING.value, worker, unit.clock.now()
            fresh.mapping = _mapping_to_json(checked)
        return worker

    def _submit(self, import_id: int, worker: str) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import")
        self._running = {key: job for key, job in self._running.items() if not job.done()}
        self._running[import_id] = self._pool.submit(self._worker.run, import_id, worker)


def runs_within(scope: Scope) -> ColumnElement[bool]:
    """Imports of the scope's clients; an agent, whose scope is campaigns, reaches none."""
    if scope.campaigns is not None:
        return ImportRun.id.is_(None)
    return true() if scope.clients is None else ImportRun.client_id.in_(scope.clients)


def reachable_run(session: Session, scope: Scope, import_id: int) -> ImportRun:
    """The import, where the scope reaches it; raises NotFound."""
    run = session.scalar(select(ImportRun).where(ImportRun.id == import_id, runs_within(scope)))
    if run is None:
        raise NotFound(N_("There is no such import."), N_("Choose one from its list's page."))
    return run


def require_campaign(session: Session, scope: Scope, client_id: int, rules: ImportRules) -> None:
    """Raise NotFound where the rules name a campaign that is not the client's, or not in the scope."""
    if rules.campaign_id is None:
        return
    campaign = session.get(Campaign, rules.campaign_id)
    if campaign is None or campaign.client_id != client_id or not scope.covers_campaign(client_id, campaign.id):
        raise NotFound(N_("There is no such campaign."))


def _drop(session: Session, run: ImportRun) -> None:
    session.delete(run)
    session.flush()
    uses = (ImportRun.list_id, ListContact.list_id, CampaignList.list_id)
    if run.dialect.get(_MADE_LIST) and not any(
        session.scalar(select(u).where(u == run.list_id).limit(1)) for u in uses
    ):
        session.execute(delete(ContactList).where(ContactList.id == run.list_id))


def _mapping_of(run: ImportRun) -> ColumnMap:
    return {int(position): str(name) for position, name in run.mapping.items()}


def _mapping_to_json(mapping: Mapping[int, str]) -> dict[str, Any]:
    return {str(position): name for position, name in mapping.items()}


def _preview_row(row: Row, form: Form) -> PreviewRow:
    if not form.mapping:
        return PreviewRow(row.number, row.cells)
    try:
        draft = to_draft(row, form)
    except RowRejected as rejected:
        return PreviewRow(row.number, row.cells, remarks=(rejected.remark,))
    fields = draft.fields
    return PreviewRow(
        number=row.number,
        cells=row.cells,
        phones=tuple(phone.e164 for phone in draft.phones),
        name=f"{fields['first_name']} {fields['last_name']}".strip(),
        company=fields["company"],
        email=fields["email"],
        city=fields["city"],
        custom=dict(draft.custom),
        remarks=draft.warnings,
    )
