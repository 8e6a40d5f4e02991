"""The database: engines, write transactions as units of work, read sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hookline.db import contact_search
from hookline.db.base import Base
from hookline.db.faults import as_told, missing_driver
from hookline.db.holding import FOR_CHANGE, HoldingSession
from hookline.db.models.outbox import OutboxEvent
from hookline.domain.events import Event
from hookline.ports.clock import Clock

Row = TypeVar("Row", bound=Base)

_WRITE = "hookline_write"
_BUSY_TIMEOUT_MS = 15_000


class UnitOfWork:
    """One write transaction. Events emitted here are stored in it and published after its commit.

    On SQLite it is the only one. On PostgreSQL others run beside it, and rows of tables marked `held` are locked as
    they are read; other tables' by `hold`. To keep two blocks from waiting for each other, rows are read in this order:
    station, agent's session, call, campaign contact, contact, attempt.
    """

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session = session
        self.clock = clock
        self.emitted = 0

    def find_held(self, model: type[Row], key: Any) -> Row | None:
        """The row as it stands now, kept from other writers until the end; None where there is none."""
        self.session.flush()
        return self.session.get(model, key, populate_existing=True, with_for_update=FOR_CHANGE)

    def hold(self, model: type[Row], key: Any) -> Row:
        """As `find_held`; raises NoResultFound where there is none."""
        self.session.flush()
        return self.session.get_one(model, key, populate_existing=True, with_for_update=FOR_CHANGE)

    def emit(self, happened: Event) -> None:
        """Store an event with the change it tells of."""
        self.session.add(
            OutboxEvent(
                type=happened.type,
                at=self.clock.now(),
                client_id=happened.client_id,
                campaign_id=happened.campaign_id,
                contact_id=happened.contact_id,
                call_id=happened.call_id,
                agent_id=happened.agent_id,
                details=happened.details(),
            )
        )
        self.emitted += 1


class Database:
    """Opens transactions. One per process; safe to use from any thread.

    `url` is an SQLAlchemy URL. SQLite runs in WAL mode with foreign keys on; writers begin with BEGIN IMMEDIATE, so
    that two of them queue instead of failing half-way. On PostgreSQL writers run side by side, at READ COMMITTED: they
    hold what they change (see `UnitOfWork`). Readers see one state of the database throughout, on either.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.engine = _open(url)
        self._write_engine = self.engine.execution_options(**{_WRITE: True})
        self._read_engine, self._write_session = self.engine, Session
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)
        else:
            self._read_engine = self.engine.execution_options(isolation_level="REPEATABLE READ")
            self._write_session = HoldingSession
        self._after_commit: list[Callable[[], None]] = []

    def on_events(self, wake: Callable[[], None]) -> None:
        """Call `wake` after each commit that stored events (it must only signal, not work)."""
        self._after_commit.append(wake)

    @contextmanager
    def write(self) -> Iterator[UnitOfWork]:
        """A write transaction: commits at the end, rolls back when the block raises."""
        with _told(), self._write_session(self._write_engine, expire_on_commit=False) as session:
            unit = UnitOfWork(session, self.clock)
            with session.begin():
                # Take SQLite's lock now rather than at the first statement: what the block reads, the clock included,
                # is then read in the order in which the writers commit.
                session.connection()
                contact_search.watch(session)
                yield unit
                contact_search.refresh(session)
        if unit.emitted:
            for wake in self._after_commit:
                wake()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever is changed in it is thrown away."""
        # Closing ends the transaction; an explicit rollback would expire what was read, and callers keep using it.
        with _told(), Session(self._read_engine, expire_on_commit=False) as session:
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _open(url: str) -> Engine:
    sqlite = url.startswith("sqlite")
    try:
        # PostgreSQL allows 100 connections in all unless it is told otherwise.
        return create_engine(
            url,
            pool_size=20 if sqlite else 10,
            max_overflow=60 if sqlite else 30,
            pool_pre_ping=not sqlite,
            hide_parameters=True,  # an error that is logged must not carry the row it was about
        )
    except ModuleNotFoundError as error:
        raise missing_driver(error) from error


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        told = as_told(error)
        if told is None:
            raise
        raise told from error


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: DBAPIConnection, _record: Any) -> None:
        # The driver's own transaction handling begins too late for BEGIN IMMEDIATE: take it over (see `begin`).
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            f"busy_timeout={_BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
            "synchronous=NORMAL",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        # SQLite's own lower() knows ASCII only: a search for "łukasz" would miss "Łukasz".
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        write = connection.get_execution_options().get(_WRITE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
