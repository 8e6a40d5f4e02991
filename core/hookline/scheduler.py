"""The scheduler: APScheduler wrapped once. One per installation runs; an error in a job costs one run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from hookline.errors import HooklineError
from hookline.jobs import Job, JobCancelled, JobRun
from hookline.ports.leader import Leadership
from hookline.services.job_board import JobBoard

log = structlog.get_logger(__name__)

#: Jobs that run this often do not write every run down.
_QUIET_BELOW_SECONDS = 30
_LOOK_SECONDS = 2


class JobNameClash(HooklineError):
    """Two jobs have one name, or a plugin's job does not begin with the plugin's name."""

    id = "job-name-clash"


class Scheduler:
    """Runs jobs, each at most once at a time, missed runs made up for once, skipped while their owner is not active."""

    def __init__(
        self, jobs: Iterable[Job], board: JobBoard, leadership: Leadership, is_active: Callable[[str], bool]
    ) -> None:
        self.jobs = _by_name(jobs)
        self._board = board
        self._leadership = leadership
        self._is_active = is_active
        self._running: dict[str, JobRun] = {}
        self._lock = threading.Lock()
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Begin; jobs run only while this process leads, so that one scheduler of the installation works."""
        self._leadership.lead()  # at once, so that who looks from beside sees that somebody works
        start = self._board.now()
        for job in self.jobs.values():
            self._scheduler.add_job(self._run_if_leading, job.trigger(start), args=[job.name], id=job.name)
        self._scheduler.add_job(self._look, "interval", seconds=_LOOK_SECONDS, id="core.look-for-wishes")
        self._scheduler.start()

    def replace(self, jobs: Iterable[Job]) -> None:
        """Run these from now on: new ones begin, those that are gone are asked to stop, the rest goes on."""
        former, self.jobs = self.jobs, _by_name(jobs)
        for name in former.keys() - self.jobs.keys():
            self.cancel(name)
        if not self._scheduler.running:
            return
        for name in former.keys() - self.jobs.keys():
            self._scheduler.remove_job(name)
        start = self._board.now()
        for name in self.jobs.keys() - former.keys():
            self._scheduler.add_job(self._run_if_leading, self.jobs[name].trigger(start), args=[name], id=name)

    def stop(self) -> None:
        """Ask running jobs to stop, wait for them, begin no more."""
        with self._lock:
            for run in self._running.values():
                run.cancelled.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self._leadership.give_up()

    def is_leading(self) -> bool:
        """Whether this process runs the installation's jobs."""
        return self._leadership.lead()

    def _run_if_leading(self, name: str) -> None:
        if self._leadership.lead():
            self.run_now(name)

    def _look(self) -> None:
        """Do what people asked on the jobs page."""
        if not self._leadership.lead():
            return
        for name, wish in self._board.take_asked().items():
            if wish == "cancel":
                self.cancel(name)
            elif name in self.jobs:
                self._scheduler.add_job(self.run_now, args=[name], id=f"{name} now", replace_existing=True)

    def cancel(self, name: str) -> None:
        """Ask a running job to stop at its next safe step."""
        with self._lock:
            if name in self._running:
                self._running[name].cancelled.set()

    def run_now(self, name: str) -> None:
        """Run one job on the calling thread, unless it runs already or its owner is not active."""
        job = self.jobs.get(name)
        if job is None:
            return  # its plugin was disabled a moment ago
        run = JobRun(report=lambda r: self._board.progressed(name, r))
        with self._lock:
            if name in self._running:
                return
            self._running[name] = run
        try:
            if self._is_active(job.owner):
                self._run_guarded(job, run)
        finally:
            with self._lock:
                del self._running[name]

    def _run_guarded(self, job: Job, run: JobRun) -> None:
        quiet = 0 < job.every_seconds < _QUIET_BELOW_SECONDS
        try:
            self._board.started(job.name, quiet=quiet)
            result = job.run(run)
            self._board.finished(job.name, "done", result or "", quiet=quiet)
        except JobCancelled:
            self._board.finished(job.name, "cancelled", "", quiet=False)
        except Exception as error:
            log.error("job failed", job=job.name, error_type=type(error).__name__, exc_info=error)
            self._note_failure(job.name, error)

    def _note_failure(self, name: str, error: Exception) -> None:
        try:
            self._board.finished(name, "failed", f"{type(error).__name__}: {error}", quiet=False)
        except Exception as second:
            log.error("the failure could not be written down", job=name, exc_info=second)


def _by_name(jobs: Iterable[Job]) -> dict[str, Job]:
    found: dict[str, Job] = {}
    for job in jobs:
        if job.name in found:
            raise JobNameClash(f"Two jobs are named {job.name}.", "Disable one of the plugins.")
        found[job.name] = job
    return found
