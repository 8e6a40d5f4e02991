"""Publishes stored events after commit, in order, at least once: to handlers in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import func, select

from hookline.db import locks
from hookline.db.database import Database
from hookline.db.models import OutboxEvent, OutboxReader

log = structlog.get_logger(__name__)
_BATCH = 200


@dataclass(frozen=True)
class PublishedEvent:
    """An event as subscribers get it. `sequence` grows without gaps and names the place in the stream."""

    sequence: int
    type: str
    at: datetime
    client_id: int | None
    campaign_id: int | None
    contact_id: int | None
    call_id: int | None
    agent_id: int | None
    details: dict[str, Any]


Handler = Callable[[PublishedEvent], None]


class NotYet(Exception):
    """Raised by a reader that is to get this event and what follows later; that is no failure."""


class Replaced(Exception):
    """Raised by a reader in whose stead another reads by now: where that one has come to stands."""


class ReadersApart(Protocol):
    """Readers that must not hold each other up, nor the bus: each works on a thread of its own while the bus runs."""

    def prepare(self) -> None:
        """Before events get their numbers: give readers that are new their place."""
        ...

    def catch_up(self, last: int, places: dict[str, int], *, apart: bool) -> None:
        """Let those that have not come to the event `last` go on; `apart`: on their threads, else on this one."""
        ...

    def stop(self) -> None:
        """End the threads."""
        ...


def _published(row: OutboxEvent) -> PublishedEvent:
    return PublishedEvent(
        sequence=row.sequence or 0,
        type=row.type,
        at=row.at,
        client_id=row.client_id,
        campaign_id=row.campaign_id,
        contact_id=row.contact_id,
        call_id=row.call_id,
        agent_id=row.agent_id,
        details=row.details,
    )


class EventBus:
    """Numbers stored events and hands each to every handler. Only one runs per installation.

    Two kinds of handlers. *Subscribers* get what is published while they listen (open pages: they resume by `since`).
    *Readers* miss nothing: each keeps its place in the database and, after a crash between commit and delivery, goes
    on from there; an event may then come to it twice, never not at all.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._handlers: list[Handler] = []
        self._readers: dict[str, Handler] = {}
        self._apart: list[ReadersApart] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._delivering = threading.Lock()
        db.on_events(self._wake.set)

    def subscribe(self, handler: Handler) -> None:
        """Call `handler` with each event from now on, on the bus's thread."""
        self._handlers.append(handler)

    def read(self, name: str, handler: Handler) -> None:
        """Hand `handler` every event from its place on, at least once and in order; `name` is the place's for ever.

        What the handler raises is logged, and the same event comes again at the next pump.
        """
        self._readers[name] = handler

    def read_apart(self, readers: ReadersApart) -> None:
        """As `read`, for readers that look after their threads and places themselves."""
        self._apart.append(readers)

    def start(self) -> None:
        """Publish from an own thread after each commit that stored events (once a second, for others' commits)."""
        self._thread = threading.Thread(target=self._run, name="event-bus", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Publish what is there and end."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        for readers in self._apart:
            readers.stop()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(timeout=1.0)
            self._wake.clear()
            try:
                self.pump()
            except Exception as error:
                log.error("publishing events failed; trying again", error_type=type(error).__name__, exc_info=error)

    def pump(self) -> int:
        """Publish everything that is stored and not yet published; returns how many. Tests call it by hand."""
        count = 0
        with self._delivering:
            for readers in self._apart:
                readers.prepare()
            while batch := self._number_next():
                for happened in batch:
                    self._deliver(happened)
                count += len(batch)
            last, places = self._places()
            for name, handler in self._readers.items():
                if (place := places.get(name, 0)) < last:
                    self.catch_up(name, handler, place)
            for readers in self._apart:
                readers.catch_up(last, places, apart=self._thread is not None)
        return count

    def _places(self) -> tuple[int, dict[str, int]]:
        """The newest event, and how far each reader has come: one look for all of them."""
        with self._db.read() as session:
            last = session.scalar(select(func.max(OutboxEvent.sequence))) or 0
            return last, {reader.name: reader.sequence for reader in session.scalars(select(OutboxReader))}

    def catch_up(self, name: str, handler: Handler, place: int) -> None:
        """Hand a reader what it has not had, from its place on; the first event that raises ends it for now."""
        while batch := self.since(place, _BATCH):
            done = 0
            try:
                for happened in batch:
                    handler(happened)
                    done = happened.sequence
            except NotYet:
                log.info("event reader waits", reader=name)
            except Replaced:
                log.info("event reader came back too late", reader=name)
                return
            except Exception as error:
                log.error("event reader failed; it will be tried again", reader=name, exc_info=error)
            if done:
                with self._db.write() as unit:
                    unit.session.merge(OutboxReader(name=name, sequence=done))
            if done != batch[-1].sequence:
                return
            place = done

    def _number_next(self) -> list[PublishedEvent]:
        with self._db.read() as session:
            waiting = session.scalar(select(OutboxEvent.id).where(OutboxEvent.sequence.is_(None)).limit(1))
        if waiting is None:
            return []
        with self._db.write() as unit:
            # Who numbers second must see what the first gave: a number given twice would be a gap in somebody's stream.
            locks.exclusive(unit.session, locks.OUTBOX)
            last = unit.session.scalar(select(func.max(OutboxEvent.sequence))) or 0
            rows = unit.session.scalars(
                select(OutboxEvent).where(OutboxEvent.sequence.is_(None)).order_by(OutboxEvent.id).limit(_BATCH)
            ).all()
            for number, row in enumerate(rows, start=last + 1):
                row.sequence = number
            return [_published(row) for row in rows]

    def _deliver(self, happened: PublishedEvent) -> None:
        for handler in self._handlers:
            try:
                handler(happened)
            except Exception as error:
                log.error("event handler failed", event_type=happened.type, exc_info=error)

    def since(self, sequence: int, limit: int = 1000) -> list[PublishedEvent]:
        """Published events after `sequence`, oldest first, for a stream that resumes."""
        with self._db.read() as session:
            rows = session.scalars(
                select(OutboxEvent).where(OutboxEvent.sequence > sequence).order_by(OutboxEvent.sequence).limit(limit)
            ).all()
            return [_published(row) for row in rows]

    def last_sequence(self) -> int:
        """The newest published event's sequence; 0 when there is none."""
        with self._db.read() as session:
            return session.scalar(select(func.max(OutboxEvent.sequence))) or 0
