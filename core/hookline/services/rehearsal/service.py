"""Rehearsals for people: asked for, run one after the other by a job, broken off, looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Campaign, Rehearsal
from hookline.domain.access import Actor, Scope
from hookline.errors import Conflict, HooklineError, NotFound
from hookline.jobs import Job, JobCancelled, JobRun
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.figures import DAY_ZONE, campaigns_within
from hookline.services.rehearsal import world
from hookline.services.rehearsal.apart import run_apart
from hookline.services.rehearsal.case import Case, Outcome
from hookline.services.rehearsal.plan import MODEL, REPLAY, Plan, Prepared, Progress, prepare
from hookline.text import N_

log = structlog.get_logger(__name__)

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
UNDER_WAY = (WAITING, RUNNING)
_AT_ONCE = 5
_KEPT = 50


class _BrokenOff(Exception):
    """Somebody cancelled this rehearsal."""


def here(case: Case, progress: Progress) -> Outcome:
    """Live through the case in this thread."""
    return world.Rehearsal(case, progress).run()


class RehearsalService:
    """Rehearses campaigns. Reads and writes the database; has no way to a telephone."""

    def __init__(self, db: Database, run: Callable[[Case, Progress], Outcome] = run_apart) -> None:
        self._db = db
        self._run = run

    def rehearse(
        self, scope: Scope, campaign_id: int, plan: Plan, progress: Progress = lambda _done, _total: None
    ) -> dict[str, Any]:
        """Live through it here and now; the result as plain data. Raises NotFound, InvalidInput."""
        prepared = self._prepare(scope, campaign_id, plan)
        return _result(plan, prepared, here(prepared.case, progress))

    def _prepare(self, scope: Scope, campaign_id: int, plan: Plan) -> Prepared:
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
            return prepare(session, campaign, plan, self._db.clock.now())

    # Asked for by people, done by the job

    def ask(self, actor: Actor, campaign_id: int, plan: Plan) -> int:
        """Have it rehearsed as soon as it is its turn; its id. Raises NotFound, InvalidInput, Conflict for too many."""
        actor.require("campaigns.view")
        self._prepare(actor.scope, campaign_id, plan)  # what is wrong with it is said at once
        with self._db.write() as unit:
            waiting = select(func.count()).where(Rehearsal.campaign_id == campaign_id, Rehearsal.state.in_(UNDER_WAY))
            if (unit.session.scalar(waiting) or 0) >= _AT_ONCE:
                raise Conflict(N_("Enough rehearsals of this campaign are waiting."), N_("Wait for one to end."))
            asked = Rehearsal(
                campaign_id=campaign_id,
                plan=plan.to_json(),
                state=WAITING,
                result={},
                asked_by=actor.user_id,
                created_at=unit.clock.now(),
            )
            unit.session.add(asked)
            unit.session.flush()
            _forget_oldest(unit.session, campaign_id)
            return asked.id

    def cancel(self, actor: Actor, rehearsal_id: int) -> None:
        """Break it off. Raises Conflict where it has ended."""
        actor.require("campaigns.view")
        with self._db.write() as unit:
            found = unit.find_held(Rehearsal, rehearsal_id)
            if found is None:
                raise _no_such()
            campaign_in_scope(unit.session, actor.scope, found.campaign_id)
            if found.state not in UNDER_WAY:
                raise Conflict(N_("This rehearsal has ended already."))
            found.state, found.finished_at = CANCELLED, unit.clock.now()

    def get(self, scope: Scope, rehearsal_id: int) -> Rehearsal:
        """One rehearsal; NotFound outside the scope."""
        with self._db.read() as session:
            found = session.get(Rehearsal, rehearsal_id)
            campaign = session.get_one(Campaign, found.campaign_id) if found is not None else None
        if found is None or campaign is None or not scope.covers_campaign(campaign.client_id, campaign.id):
            raise _no_such()
        return found

    def list_of(
        self, scope: Scope, campaign_id: int | None = None, before: int | None = None, most: int = _KEPT + _AT_ONCE
    ) -> Sequence[Rehearsal]:
        """Rehearsals in the scope, one campaign's or all, newest first; those before this one. Raises NotFound."""
        rows = select(Rehearsal).join(Campaign, Campaign.id == Rehearsal.campaign_id).where(campaigns_within(scope))
        if before is not None:
            rows = rows.where(Rehearsal.id < before)
        with self._db.read() as session:
            if campaign_id is not None:
                rows = rows.where(Rehearsal.campaign_id == campaign_in_scope(session, scope, campaign_id).id)
            return session.scalars(rows.order_by(Rehearsal.id.desc()).limit(most)).all()

    def jobs(self) -> list[Job]:
        """The job that rehearses what waits."""
        return [Job("core.rehearse", N_("Rehearse campaigns"), self.work, every_seconds=2)]

    def work(self, run: JobRun) -> str | None:
        """Rehearse everything that waits, oldest first."""
        count = 0
        while (rehearsal_id := self._take()) is not None:
            self._work_on(rehearsal_id, run)
            count += 1
        return str(count) if count else None

    def _take(self) -> int | None:
        with self._db.read() as session:
            # One that is still marked as running was left by a process that died: only this job runs any.
            first = select(Rehearsal.id).where(Rehearsal.state.in_(UNDER_WAY)).order_by(Rehearsal.id).limit(1)
            found = session.scalar(first)
        if found is not None:
            self._note(found, state=RUNNING)
        return found

    def _work_on(self, rehearsal_id: int, run: JobRun) -> None:
        def progress(done: int, total: int) -> None:
            if not self._note(rehearsal_id, done=done, total=total):
                raise _BrokenOff
            run.progress(done, total)

        with self._db.read() as session:
            asked = session.get_one(Rehearsal, rehearsal_id)
        plan = Plan.from_json(asked.plan)
        try:
            prepared = self._prepare(Scope.everything(), asked.campaign_id, plan)
            outcome = self._run(prepared.case, progress)
        except _BrokenOff:
            return
        except JobCancelled:
            self._end(rehearsal_id, CANCELLED)
            raise
        except HooklineError as error:
            self._end(rehearsal_id, FAILED, error=error.message_id)
        else:
            self._end(rehearsal_id, DONE, result=_result(plan, prepared, outcome))

    def _note(self, rehearsal_id: int, **values: Any) -> bool:
        """Write down how far it is; False where it was cancelled."""
        with self._db.write() as unit:
            found = unit.find_held(Rehearsal, rehearsal_id)
            if found is None or found.state not in UNDER_WAY:
                return False
            for name, value in values.items():
                setattr(found, name, value)
            return True

    def _end(self, rehearsal_id: int, state: str, **values: Any) -> None:
        self._note(rehearsal_id, **values, state=state, finished_at=self._db.clock.now())
        log.info("a rehearsal has ended", rehearsal=rehearsal_id, state=state)


def _no_such() -> NotFound:
    return NotFound(N_("There is no such rehearsal."))


def _forget_oldest(session: Session, campaign_id: int) -> None:
    rows = select(Rehearsal).where(Rehearsal.campaign_id == campaign_id, Rehearsal.state.not_in(UNDER_WAY))
    for old in session.scalars(rows.order_by(Rehearsal.id.desc()).offset(_KEPT)):
        session.delete(old)


def _result(plan: Plan, prepared: Prepared, outcome: Outcome) -> dict[str, Any]:
    case = prepared.case
    return {
        "days": [day.isoformat() for day in prepared.days],
        "begin": prepared.begin.isoformat(),
        "zone": DAY_ZONE,
        "source": MODEL if case.model is not None else REPLAY,
        "mode": case.mode,
        "ratio": case.ratio,
        "ceiling": case.ceiling,
        "agents": len(case.shifts),
        "seed": plan.seed,
        "real": _told(prepared.real, prepared.begin) if prepared.real is not None else None,
        "rehearsed": _told(outcome, prepared.begin),
        "notes": [[message, params] for message, params in prepared.notes],
    }


def _told(outcome: Outcome, begin: datetime) -> dict[str, Any]:
    over = outcome.finished
    finished_at = (begin + timedelta(seconds=over)).isoformat(timespec="seconds") if over is not None else None
    return {**outcome.to_json(), "finished_at": finished_at}
