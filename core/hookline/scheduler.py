"""The scheduler: APScheduler wrapped once. Jobs are safe to run twice; an error in one is logged and costs one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """Something done again and again. `name` is "<owner>.<job>"."""

    name: str
    every_seconds: int
    run: Callable[[], object]


class Scheduler:
    """Runs jobs on threads of its own, each at most once at a time, missed runs made up for once."""

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = {job.name: job for job in jobs}
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Begin to run the jobs."""
        for job in self.jobs.values():
            self._scheduler.add_job(
                self.run_now, "interval", args=[job.name], seconds=job.every_seconds, id=job.name, replace_existing=True
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Let the running ones end; begin no more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def run_now(self, name: str) -> None:
        """Run one job on the calling thread."""
        try:
            self.jobs[name].run()
        except Exception as error:
            log.error("job failed", job=name, error_type=type(error).__name__, exc_info=error)
