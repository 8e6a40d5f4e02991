"""Keeps what jobs did, and what people ask of them: the memory between the scheduler and the jobs page."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import JobStatus
from hookline.domain.access import Actor
from hookline.domain.events import JobFailed
from hookline.jobs import JobRun

#: A frequent job's success is written down at most this often; a change of state always is.
_NOTE_EVERY = timedelta(minutes=1)


class JobBoard:
    """Reads and writes the jobs' rows."""

    def __init__(self, db: Database) -> None:
        self._db = db
        #: Jobs whose last run here failed: only the first failure in a row is told to people.
        self._failing: set[str] = set()

    def now(self) -> datetime:
        """The installation's time."""
        return self._db.clock.now()

    def statuses(self) -> dict[str, JobStatus]:
        """The last known run of every job that ever ran."""
        with self._db.read() as session:
            return {row.name: row for row in session.scalars(select(JobStatus))}

    def ask(self, actor: Actor, name: str, what: str) -> None:
        """Ask the scheduler, wherever it runs, to "run" or "cancel" a job."""
        actor.require("jobs.manage")
        with self._db.write() as unit:
            row = unit.session.get(JobStatus, name) or _new_row(unit, name)
            row.asked = what

    def take_asked(self) -> dict[str, str]:
        """What was asked since the last look; each wish is handed out once."""
        with self._db.read() as session:
            if session.scalar(select(JobStatus.name).where(JobStatus.asked != "").limit(1)) is None:
                return {}
        with self._db.write() as unit:
            rows = unit.session.scalars(select(JobStatus).where(JobStatus.asked != "")).all()
            wishes = {row.name: row.asked for row in rows}
            for row in rows:
                row.asked = ""
            return wishes

    def started(self, name: str, *, quiet: bool) -> None:
        """A run began; a quiet (frequent) job that is known is not written down for that."""
        if quiet and name in self.statuses():
            return
        with self._db.write() as unit:
            row = unit.session.get(JobStatus, name)
            row = row or _new_row(unit, name)
            row.state, row.started_at, row.finished_at = "running", unit.clock.now(), None
            row.done = row.total = 0

    def progressed(self, name: str, run: JobRun) -> None:
        """A run came further; somebody's wish to cancel reaches it here."""
        with self._db.write() as unit:
            row = unit.session.get(JobStatus, name)
            if row is None:
                return
            row.done, row.total = run.done, run.total
            if row.asked == "cancel":
                row.asked = ""
                run.cancelled.set()

    def finished(self, name: str, state: str, result: str, *, quiet: bool) -> None:
        """A run ended."""
        now = self._db.clock.now()
        if quiet:
            known = self.statuses().get(name)
            fresh = known is not None and known.finished_at is not None and now - known.finished_at < _NOTE_EVERY
            if fresh and known is not None and known.state == state == "done":
                return
        with self._db.write() as unit:
            row = unit.session.get(JobStatus, name)
            if row is None:
                return
            row.state, row.finished_at, row.result = state, now, result[:500]
            row.runs += 1
            row.failures += state == "failed"
            if state == "failed" and name not in self._failing:
                unit.emit(JobFailed(job=name))
        if state == "failed":
            self._failing.add(name)
        else:
            self._failing.discard(name)


def _new_row(unit: UnitOfWork, name: str) -> JobStatus:
    row = JobStatus(
        name=name,
        state="waiting",
        started_at=unit.clock.now(),
        runs=0,
        failures=0,
        asked="",
        result="",
        done=0,
        total=0,
    )
    unit.session.add(row)
    return row
