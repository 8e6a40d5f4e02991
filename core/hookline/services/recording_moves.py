"""Brings closed recordings from the working folder to the store, finishes deletions, and checks what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog
from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import Recording
from hookline.domain.access import Scope
from hookline.errors import HooklineError, NotConfigured
from hookline.jobs import JobRun
from hookline.ports.recording_store import NotStored, RecordingStore
from hookline.services.recordings import RecordingService
from hookline.storage import checksums
from hookline.storage.local import LocalStore
from hookline.text import N_

log = structlog.get_logger(__name__)

_AT_ONCE = 500


class RecordingChanged(HooklineError):
    """A recording in the working folder is not what the backend closed."""

    id = "recording-changed"


@dataclass(frozen=True)
class Finding:
    """What became of one recording at a check. `problem` is a message id, "" where it is as it was stored."""

    recording: Recording
    problem: str = ""


class RecordingMoves:
    """What `core.store-recordings` does. Each step can be cut short and run again: nothing is lost or doubled."""

    def __init__(self, db: Database, recordings: RecordingService, working: LocalStore, store: RecordingStore) -> None:
        self._db = db
        self._recordings = recordings
        self._working = working
        self._store = store

    def run(self, run: JobRun) -> str:
        """Store what waits, finish what is to be deleted, clear copies away. One failure does not keep the rest back.

        Raises the first failure at the end, so that the jobs page shows it; the next run tries again.
        """
        failures: list[HooklineError] = []
        moved = self._each(self._waiting(), self._move, run, failures)
        deleted = self._each(self._rows("deleting"), self._delete, run, failures)
        self._clear_copies()
        if failures:
            raise failures[0]
        return f"stored {moved}, deleted {deleted}" if moved or deleted else ""

    def _each(
        self, rows: list[Recording], act: Callable[[Recording], None], run: JobRun, failures: list[HooklineError]
    ) -> int:
        done = 0
        for row in rows:
            run.progress(done, len(rows))
            try:
                act(row)
                done += 1
            except HooklineError as error:
                log.error("a recording could not be handled", recording=row.id, error=error.id)
                failures.append(error)
        return done

    def _rows(self, state: str) -> list[Recording]:
        with self._db.read() as session:
            asked = select(Recording).where(Recording.state == state).order_by(Recording.id).limit(_AT_ONCE)
            return list(session.scalars(asked))

    def _waiting(self) -> list[Recording]:
        with self._db.read() as session:
            asked = select(Recording).where(
                Recording.state == "stored", Recording.store != self._store.name, Recording.store.in_(["", "local"])
            )
            return list(session.scalars(asked.order_by(Recording.id).limit(_AT_ONCE)))

    def _move(self, row: Recording) -> None:
        source = self._working.local_path(row.path)
        if source is None:
            raise NotStored(row.path)
        if self._store.put(row.path, source).sha256 != row.sha256:
            raise RecordingChanged(
                N_("The file of recording %(id)s was changed after the call, so it stays where it is."),
                N_("Find out who writes into the recordings folder; keep the file for whoever looks into it."),
                params={"id": row.id},
            )
        with self._db.write() as unit:
            fresh = unit.session.get_one(Recording, row.id)
            if fresh.state == "stored":
                fresh.store = self._store.name
        if self._store is not self._working:
            source.unlink(missing_ok=True)

    def _delete(self, row: Recording) -> None:
        self._recordings.finish_deletion(row.id)

    def _clear_copies(self) -> None:
        """Remove local files whose recording the store holds: a crash between the two steps of a move left them."""
        if self._store is self._working:
            return
        keys = list(self._working.keys())
        for start in range(0, len(keys), _AT_ONCE):
            with self._db.read() as session:
                stored = session.scalars(
                    select(Recording.path).where(
                        Recording.path.in_(keys[start : start + _AT_ONCE]),
                        Recording.state == "stored",
                        Recording.store == self._store.name,
                    )
                ).all()
            for key in stored:
                self._working.delete(key)

    def verify(self, scope: Scope) -> Iterator[Finding]:
        """Read every stored recording of the scope whole and compare it with its checksum. Raises StoreUnavailable."""
        asked = select(Recording).where(Recording.state == "stored").order_by(Recording.id)
        if scope.clients is not None:
            asked = asked.where(Recording.client_id.in_(scope.clients))
        with self._db.read() as session:
            rows = list(session.scalars(asked))
        for row in rows:
            yield Finding(row, self._problem_of(row))

    def _problem_of(self, row: Recording) -> str:
        try:
            store = self._recordings.store_of(row)
            digest, _ = checksums.of_pieces(store.open_range(row.path, 0, store.size(row.path)))
        except (NotStored, NotConfigured) as error:
            return error.message
        return "" if digest == row.sha256 else N_("What is stored is not what was recorded: it was changed.")
