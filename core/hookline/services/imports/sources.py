"""Import sources: folders and addresses that are looked at on a schedule. A file already taken is not taken twice."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import ColumnElement, delete, select, true
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Client, ContactList, ImportRun, ImportSource, ImportSourceFile
from hookline.domain.access import Actor, Role, Scope
from hookline.errors import HooklineError, InvalidInput, NotFound
from hookline.jobs import Job, JobRun
from hookline.outbound_addresses import AddressBook
from hookline.services.imports import mapping as mappings
from hookline.services.imports.errors import MappingRefused
from hookline.services.imports.fetching import Fetched, fetch, files_in, inbox_folder
from hookline.services.imports.reading import dialect_from_json
from hookline.services.imports.rules import ImportRules, rules_of
from hookline.services.imports.service import ImportService, require_campaign
from hookline.services.lists import open_list
from hookline.text import N_

log = structlog.get_logger(__name__)
FOLDER, URL = "folder", "url"
_LONGEST = 500


@dataclass(frozen=True)
class SourceDraft:
    """What is said of a source. `mapping` is header to field; what it does not name is guessed."""

    list_id: int
    name: str
    kind: str
    location: str
    every_minutes: int = 60
    mapping: Mapping[str, str] | None = None
    rules: ImportRules | None = None
    active: bool = True


@dataclass(frozen=True)
class SourceRow:
    """A source as it is shown. `last_result` is a message id."""

    id: int
    name: str
    kind: str
    location: str
    list_id: int
    list_name: str
    client_name: str
    every_minutes: int
    active: bool
    mapping: Mapping[str, str]
    rules: ImportRules
    next_at: datetime
    last_at: datetime | None
    last_result: str
    last_params: Mapping[str, Any]
    last_ok: bool


class ImportSources:
    """Keeps sources and takes what is new in them. `inbox` is the folder below which sources' folders lie."""

    def __init__(self, db: Database, imports: ImportService, inbox: Path, book: AddressBook) -> None:
        self._db = db
        self._imports = imports
        self.inbox = inbox
        self._book = book

    def index(self, actor: Actor) -> list[SourceRow]:
        """Every source within the actor's scope."""
        actor.require("contacts.import")
        with self._db.read() as session:
            return _rows(session, _within(actor.scope))

    def get(self, actor: Actor, source_id: int) -> SourceRow:
        """One source; raises NotFound."""
        actor.require("contacts.import")
        with self._db.read() as session:
            found = _rows(session, _within(actor.scope) & (ImportSource.id == source_id))
        if not found:
            raise _no_source()
        return found[0]

    def save(self, actor: Actor, draft: SourceDraft, source_id: int | None = None) -> int:
        """Add a source or change one; its id. It is looked at soon.

        Raises InvalidInput by field, NotFound, Conflict.
        """
        actor.require("contacts.import")
        self._check(draft)
        with self._db.write() as unit:
            target = open_list(unit.session, actor.scope, draft.list_id)
            rules = draft.rules or ImportRules()
            require_campaign(unit.session, actor.scope, target.client_id, rules)
            if source_id is None:
                row = ImportSource(created_by=actor.user_id, created_at=unit.clock.now())
                unit.session.add(row)
            else:
                row = _reachable(unit.session, actor.scope, source_id)
            row.client_id, row.list_id, row.name = target.client_id, target.id, draft.name.strip()
            row.kind, row.location, row.active = draft.kind, draft.location.strip(), draft.active
            row.every_minutes, row.next_at = draft.every_minutes, unit.clock.now()
            row.mapping, row.rules = dict(draft.mapping or {}), rules.to_json()
            unit.session.flush()
            return row.id

    def _check(self, draft: SourceDraft) -> None:
        wrong: dict[str, list[str]] = {}
        if not draft.name.strip() or len(draft.name) > 120:
            wrong["name"] = [N_("Write a name of at most 120 characters.")]
        if not 1 <= draft.every_minutes <= 7 * 24 * 60:
            wrong["every_minutes"] = [N_("Write a number of minutes from 1 to 10080.")]
        if draft.kind not in (FOLDER, URL):
            wrong["kind"] = [N_("Choose from the list.")]
        if not draft.location.strip() or len(draft.location) > _LONGEST:
            wrong["location"] = [N_("Fill this in.")]
        if wrong:
            raise InvalidInput(
                N_("Some fields need another look."), N_("Mend the marked fields and send again."), wrong
            )
        if draft.kind == FOLDER:
            inbox_folder(self.inbox, draft.location)
            return
        try:
            self._book.check(draft.location.strip())
        except HooklineError as error:
            raise InvalidInput(error.message_id, error.advice, {"location": [error.message_id]}) from error

    def delete(self, actor: Actor, source_id: int) -> None:
        """Forget the source and which of its files were taken; what they brought in is kept."""
        actor.require("contacts.import")
        with self._db.write() as unit:
            row = _reachable(unit.session, actor.scope, source_id)
            unit.session.execute(delete(ImportSourceFile).where(ImportSourceFile.source_id == row.id))
            unit.session.delete(row)

    def look_now(self, actor: Actor, source_id: int) -> int:
        """Look at the source at once; how many files were taken. Failures are noted at the source, not raised."""
        self.get(actor, source_id)
        return self._look(source_id)

    def jobs(self) -> list[Job]:
        """What core does by itself about sources."""
        title = N_("Fetch contacts from folders and addresses")
        return [Job("core.fetch-contacts", title, self._run, every_seconds=60)]

    def _run(self, run: JobRun) -> str:
        now = self._db.clock.now()
        due = select(ImportSource.id).where(ImportSource.active, ImportSource.next_at <= now).order_by(ImportSource.id)
        with self._db.read() as session:
            ids = list(session.scalars(due))
        taken = 0
        for number, source_id in enumerate(ids, start=1):
            taken += self._look(source_id)
            run.progress(number, len(ids))
        return str(taken)

    def _look(self, source_id: int) -> int:
        taken = 0
        with self._db.read() as session:
            source = session.get_one(ImportSource, source_id)
        try:
            with closing(self._files(source)) as files:
                for found in files:
                    taken += self._take(source, found)
        except HooklineError as error:
            self._note(source_id, error.message_id, error.params, ok=False)
        except Exception as error:
            log.error("import source failed", source_id=source_id, error_type=type(error).__name__)
            self._note(source_id, N_("It could not be read because of an internal error."), {}, ok=False)
        else:
            said = N_("%(files)s new files were taken.") if taken else N_("There was nothing new.")
            self._note(source_id, said, {"files": taken}, ok=True)
        return taken

    def _files(self, source: ImportSource) -> Generator[Fetched, None, None]:
        if source.kind == FOLDER:
            return files_in(inbox_folder(self.inbox, source.location))
        return fetch(self._book, source.location)

    def _take(self, source: ImportSource, found: Fetched) -> bool:
        """Start an import of the file; False where it was taken before."""
        with self._db.read() as session:
            if session.get(ImportSourceFile, (source.id, found.digest)) is not None:
                return False
        scope = Scope(frozenset({source.client_id}))
        actor = Actor(None, "import source", Role.ADMINISTRATOR, frozenset({"contacts.import"}), scope)
        import_id = self._imports.upload(actor, found.stream, found.name, source.list_id)
        try:
            self._imports.set_mapping(actor, import_id, self._mapping(import_id, source.mapping))
            self._imports.set_rules(actor, import_id, rules_of(source.rules))
            with self._db.write() as unit:
                unit.session.get_one(ImportRun, import_id).source_id = source.id
                unit.session.add(
                    ImportSourceFile(
                        source_id=source.id, digest=found.digest, import_id=import_id, taken_at=unit.clock.now()
                    )
                )
            self._imports.start(actor, import_id)
        except MappingRefused:
            self._imports.discard(actor, import_id)
            raise
        return True

    def _mapping(self, import_id: int, said: Mapping[str, str]) -> dict[int, str]:
        with self._db.read() as session:
            run = session.get_one(ImportRun, import_id)
        dialect = dialect_from_json(run.dialect)
        chosen = {int(place): str(name) for place, name in run.mapping.items()}
        wanted = {header.casefold(): name for header, name in said.items()}
        for place, label in enumerate(dialect.columns):
            if label.casefold() in wanted:
                name = wanted[label.casefold()]
                chosen = {at: mappings.IGNORE if field == name else field for at, field in chosen.items()}
                chosen[place] = name
        return chosen

    def _note(self, source_id: int, said: str, params: Mapping[str, Any], *, ok: bool) -> None:
        with self._db.write() as unit:
            row = unit.find_held(ImportSource, source_id)
            if row is None:
                return
            now = unit.clock.now()
            row.last_at, row.next_at = now, now + timedelta(minutes=row.every_minutes)
            row.last_result, row.last_params, row.last_ok = said, dict(params), ok


def _within(scope: Scope) -> ColumnElement[bool]:
    if scope.campaigns is not None:
        return ImportSource.id.is_(None)
    return true() if scope.clients is None else ImportSource.client_id.in_(scope.clients)


def _reachable(session: Session, scope: Scope, source_id: int) -> ImportSource:
    row = session.scalar(select(ImportSource).where(ImportSource.id == source_id, _within(scope)))
    if row is None:
        raise _no_source()
    return row


def _no_source() -> NotFound:
    return NotFound(N_("There is no such import source."))


def _rows(session: Session, condition: ColumnElement[bool]) -> list[SourceRow]:
    found = session.execute(
        select(ImportSource, ContactList.name, Client.name)
        .join(ContactList, ContactList.id == ImportSource.list_id)
        .join(Client, Client.id == ImportSource.client_id)
        .where(condition)
        .order_by(ImportSource.name, ImportSource.id)
    )
    return [
        SourceRow(
            row.id, row.name, row.kind, row.location, row.list_id, list_name, client, row.every_minutes, row.active,
            row.mapping, rules_of(row.rules), row.next_at, row.last_at, row.last_result, row.last_params, row.last_ok,
        )
        for row, list_name, client in found
    ]  # fmt: skip
