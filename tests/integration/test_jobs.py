"""Jobs: one at a time, by one process, on time also where clocks are turned, seen and stopped by people."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hookline.bootstrap import Runtime
from hookline.db.leadership import FileLeadership
from hookline.domain.access import Role
from hookline.errors import NotPermitted
from hookline.jobs import Job, JobRun
from hookline.scheduler import JobNameClash, Scheduler
from hookline.testing.clock import VirtualClock
from hookline.testing.jobs import VirtualJobs


def _scheduler(runtime: Runtime, *jobs: Job, active: Callable[[str], bool] = lambda _owner: True) -> Scheduler:
    return Scheduler(jobs, runtime.job_board, FileLeadership(runtime.settings.data_dir / "lock"), active)


def _job(run: Callable[[JobRun], str | None], **when: object) -> Job:
    return Job("core.test", "Test", run, **(when or {"every_seconds": 60}))  # type: ignore[arg-type]


def test_a_job_leaves_its_result_on_the_board(runtime: Runtime) -> None:
    _scheduler(runtime, _job(lambda run: "swept 3")).run_now("core.test")
    status = runtime.job_board.statuses()["core.test"]
    assert (status.state, status.result, status.runs) == ("done", "swept 3", 1)


def test_a_failing_job_is_shown_and_the_next_run_goes_on(runtime: Runtime) -> None:
    outcomes: list[Exception | str] = [RuntimeError("disk full"), "fine"]

    def run(_run: JobRun) -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    scheduler = _scheduler(runtime, _job(run))
    scheduler.run_now("core.test")
    assert runtime.job_board.statuses()["core.test"].state == "failed"
    assert "disk full" in runtime.job_board.statuses()["core.test"].result
    scheduler.run_now("core.test")
    status = runtime.job_board.statuses()["core.test"]
    assert (status.state, status.runs, status.failures) == ("done", 2, 1)


def test_a_running_job_shows_progress_and_stops_when_asked(runtime: Runtime) -> None:
    operator = runtime.identity.system_actor()

    def run(run: JobRun) -> str:
        for step in range(1000):
            if step == 10:
                runtime.job_board.ask(operator, "core.test", "cancel")
            run.progress(step, 1000)
        return "never reached"

    _scheduler(runtime, _job(run)).run_now("core.test")
    status = runtime.job_board.statuses()["core.test"]
    assert (status.state, status.done, status.total) == ("cancelled", 10, 1000)


def test_a_job_never_runs_beside_itself(runtime: Runtime) -> None:
    inside, leave, runs = threading.Event(), threading.Event(), []

    def run(_run: JobRun) -> None:
        runs.append(1)
        inside.set()
        assert leave.wait(10)

    scheduler = _scheduler(runtime, _job(run))
    first = threading.Thread(target=scheduler.run_now, args=["core.test"])
    first.start()
    assert inside.wait(10)
    scheduler.run_now("core.test")
    leave.set()
    first.join()
    assert runs == [1]


def test_only_one_process_leads(tmp_path: Path) -> None:
    first, second = FileLeadership(tmp_path / "lock"), FileLeadership(tmp_path / "lock")
    assert first.lead()
    assert not second.lead()
    first.give_up()
    assert second.lead()


def test_jobs_of_a_plugin_that_is_not_active_are_skipped(runtime: Runtime) -> None:
    runs: list[int] = []
    job = Job("acme.sweep", "Sweep", lambda run: runs.append(1), every_seconds=60)
    _scheduler(runtime, job, active=lambda owner: owner != "acme").run_now("acme.sweep")
    assert runs == []


def test_two_jobs_of_one_name_are_refused(runtime: Runtime) -> None:
    with pytest.raises(JobNameClash, match="Two jobs"):
        _scheduler(runtime, _job(lambda run: None), _job(lambda run: None))


def test_missed_runs_are_made_up_for_once(runtime: Runtime, clock: VirtualClock) -> None:
    runs: list[datetime] = []
    jobs = VirtualJobs(clock, _scheduler(runtime, _job(lambda run: runs.append(clock.now()), every_seconds=60)))
    clock.advance(3600)
    jobs.run_due()
    assert len(runs) == 1
    clock.advance(60)
    jobs.run_due()
    assert len(runs) == 2


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        # Warsaw skips 02:00-03:00 on 30 March 2025: 02:30 runs at the next time that exists.
        (datetime(2025, 3, 29, 12, tzinfo=UTC), ["2025-03-30T01:30", "2025-03-31T00:30"]),
        # and has 02:00-03:00 twice on 26 October 2025: it runs once.
        (datetime(2025, 10, 25, 12, tzinfo=UTC), ["2025-10-26T00:30", "2025-10-27T01:30"]),
    ],
)
def test_a_daily_job_keeps_its_wall_time_where_clocks_are_turned(
    runtime: Runtime, clock: VirtualClock, begins: datetime, expected: list[str]
) -> None:
    clock.set(begins)
    runs: list[str] = []
    job = _job(lambda run: runs.append(clock.now().isoformat()[:16]), daily_at="02:30", zone="Europe/Warsaw")
    jobs = VirtualJobs(clock, _scheduler(runtime, job))
    for _ in range(2 * 24 * 2):
        clock.advance(1800)
        jobs.run_due()
    assert runs == expected


def test_only_those_who_may_ask_for_jobs(runtime: Runtime) -> None:
    runtime.scheduler.run_now("core.end-silent-sessions")
    agent = runtime.identity.add_user("ag", "Ag", "long-enough-1", Role.AGENT)
    with pytest.raises(NotPermitted):
        runtime.job_board.ask(
            runtime.identity.actor(runtime.identity.get_user(agent)), "core.end-silent-sessions", "run"
        )
