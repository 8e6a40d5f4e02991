"""Keeps quarantined plugins stopped: over a restart, and in every process of the installation."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import PluginQuarantine
from hookline.domain.access import Actor
from hookline.errors import HooklineError, NotFound
from hookline.plugin_host.faults import Fault
from hookline.plugin_host.host import PluginHost
from hookline.plugin_host.states import PluginState
from hookline.text import N_

log = structlog.get_logger(__name__)

#: How soon one process follows what another did.
_LOOK_SECONDS = 3.0
_STANDING = select(PluginQuarantine).where(PluginQuarantine.released_at.is_(None)).order_by(PluginQuarantine.id)


@dataclass(frozen=True)
class Stopped:
    """A quarantined plugin as the operator sees it; `traceback` holds frames and error, no personal data."""

    plugin: str
    title: str
    since_at: datetime
    place: str
    error_type: str
    traceback: str


class QuarantineKeeper:
    """Writes down who was stopped and who brought it back, and follows what other processes wrote."""

    def __init__(self, db: Database, host: PluginHost) -> None:
        self._db = db
        self._host = host
        self._known: set[str] = set()  # quarantines that are in the database
        self._looked_at: float | None = None
        self._lock = threading.Lock()
        self._writing: list[threading.Thread] = []
        host.on_quarantine(self._stopped)

    # Stopping

    def _stopped(self, fault: Fault) -> None:
        # The fault may come from within a write transaction, and on SQLite there is but one.
        thread = threading.Thread(target=self._write, args=[fault], name="quarantine", daemon=True)
        with self._lock:
            thread.start()
            self._writing = [t for t in self._writing if t.is_alive()] + [thread]

    def _write(self, fault: Fault) -> None:
        try:
            with self._db.write() as unit:
                unit.session.add(
                    PluginQuarantine(
                        plugin=fault.plugin,
                        since_at=unit.clock.now(),
                        place=fault.place,
                        error_type=fault.error_type,
                        message=fault.message,
                        frames=list(fault.frames),
                    )
                )
            self._known.add(fault.plugin)
        except (DBAPIError, HooklineError) as error:
            log.error("a quarantine could not be written down; a restart ends it", plugin=fault.plugin, exc_info=error)

    def settle(self, within: float = 5.0) -> None:
        """Wait until what happened is written down."""
        with self._lock:
            writing = list(self._writing)
        for thread in writing:
            thread.join(within)

    # Following

    def look(self, *, now: bool = False) -> None:
        """Stop and bring back what other processes, or this one before it was restarted, stopped and brought back.

        Looks at most every 3 s unless `now`; without a database everything stays as it is.
        """
        with self._lock:
            moment = time.monotonic()
            if not now and self._looked_at is not None and moment - self._looked_at < _LOOK_SECONDS:
                return
            self._looked_at = moment
        try:
            with self._db.read() as session:
                standing = {row.plugin for row in session.scalars(_STANDING)}
        except (DBAPIError, HooklineError) as error:
            log.info("quarantines could not be read", error_type=type(error).__name__)
            return
        for plugin in standing:
            self._host.quarantine(plugin)
        for plugin in self._known - standing:
            self._host.release(plugin)
        self._known = standing

    def stopped(self) -> list[Stopped]:
        """Every plugin that is quarantined now."""
        titles = {n: s.title for n, s in self._host.statuses.items() if s.state is PluginState.QUARANTINED}
        if not titles:
            return []
        with self._db.read() as session:
            rows = {row.plugin: row for row in session.scalars(_STANDING)}
        return [_told(rows[name], title) for name, title in sorted(titles.items()) if name in rows]

    # Bringing back

    def release(self, actor: Actor, plugin: str) -> None:
        """Bring a quarantined plugin back, with its whole error budget. Written down with who did it."""
        actor.require("plugins.manage")
        self.settle()
        with self._db.write() as unit:
            released = _close(unit, plugin, actor.user_id)
        if not released:
            raise NotFound(N_("This plugin is not in quarantine."))
        self._known.discard(plugin)
        if plugin in self._host.statuses:
            self._host.release(plugin)
        log.info("plugin brought back from quarantine", plugin=plugin, by=actor.user_id)


def _close(unit: UnitOfWork, plugin: str, user_id: int | None) -> bool:
    closed = unit.session.execute(
        update(PluginQuarantine)
        .where(PluginQuarantine.plugin == plugin, PluginQuarantine.released_at.is_(None))
        .values(released_at=unit.clock.now(), released_by=user_id)
        .returning(PluginQuarantine.id)
        .execution_options(synchronize_session=False)
    )
    return bool(closed.all())


def _told(row: PluginQuarantine, title: str) -> Stopped:
    traceback = "\n".join([*row.frames, f"{row.error_type}: {row.message}".rstrip(": ")])
    return Stopped(row.plugin, title, row.since_at, row.place, row.error_type, traceback)
