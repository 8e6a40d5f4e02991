"""Who runs the jobs, and who the engine: advisory locks on PostgreSQL, locked files beside an SQLite database."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path
from typing import IO

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from hookline.db.locks import lock_key
from hookline.errors import Conflict
from hookline.ports.leader import Leadership
from hookline.text import N_

log = structlog.get_logger(__name__)


class FileLeadership:
    """Holds a lock on a file; the system lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._lock = threading.Lock()

    def lead(self) -> bool:
        """Whether the file is ours."""
        with self._lock:
            if self._file is not None:
                return True
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._file = file
            return True

    def give_up(self) -> None:
        """Unlock."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


class AdvisoryLeadership:
    """Holds a session-level advisory lock on a connection of its own; lost with the connection, tried for again."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._key = lock_key(name)
        self._connection: Connection | None = None
        self._lock = threading.Lock()

    def lead(self) -> bool:
        """Whether the lock is ours and its connection still lives."""
        with self._lock:
            try:
                return self._hold()
            except DBAPIError as error:
                log.warning("leadership lost with its connection", error_type=type(error).__name__)
                self._drop()
                return False

    def _hold(self) -> bool:
        if self._connection is not None:
            self._connection.execute(text("SELECT 1"))
            self._connection.commit()
            return True
        connection = self._engine.connect()
        taken = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key})
        connection.commit()
        if taken:
            self._connection = connection
            return True
        connection.close()
        return False

    def give_up(self) -> None:
        """Unlock, and close the connection for good."""
        with self._lock:
            try:
                self._unlock()
            except DBAPIError as error:
                log.warning("leadership went with its connection", error_type=type(error).__name__)
            self._drop()

    def _unlock(self) -> None:
        # Closing would do, but only once the server has noticed; who is told that we stopped may start at once.
        if self._connection is not None:
            self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": self._key})
            self._connection.commit()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


class SoleEngine:
    """At most one process runs the engine on a PostgreSQL database; on SQLite `hookline serve` holds a file."""

    def __init__(self, engine: Engine) -> None:
        self._lock = AdvisoryLeadership(engine, "engine") if engine.dialect.name == "postgresql" else None

    def take(self) -> None:
        """Become the one; raises Conflict where another process is."""
        if self._lock is not None and not self._lock.lead():
            raise Conflict(
                N_("Another Hookline process runs the engine on this database."),
                N_("Stop the running `hookline serve` first: two engines on one database would dial twice."),
            )

    def release(self) -> None:
        """Be it no longer."""
        if self._lock is not None:
            self._lock.give_up()


def leadership_for(engine: Engine, data_dir: Path) -> Leadership:
    """The kind that fits the database."""
    if engine.dialect.name == "postgresql":
        return AdvisoryLeadership(engine, "jobs")
    return FileLeadership(data_dir / "scheduler.lock")
