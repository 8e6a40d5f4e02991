"""Jobs on a clock turned by hand: the same triggers as on the wall, asked what is due."""

from __future__ import annotations

from datetime import datetime

from hookline.ports.clock import Clock
from hookline.scheduler import Scheduler


class VirtualJobs:
    """Runs a scheduler's jobs as its clock reaches their times, missed runs made up for once as in real life."""

    def __init__(self, clock: Clock, scheduler: Scheduler) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._triggers = {name: job.trigger(clock.now()) for name, job in scheduler.jobs.items()}
        self.next_at: dict[str, datetime | None] = {
            name: trigger.get_next_fire_time(None, clock.now()) for name, trigger in self._triggers.items()
        }

    def run_due(self) -> list[str]:
        """Run every job whose time has come, once each, earliest first; returns their names."""
        now = self._clock.now()
        due = sorted((at, name) for name, at in self.next_at.items() if at is not None and at <= now)
        for at, name in due:
            self._scheduler.run_now(name)
            self.next_at[name] = self._triggers[name].get_next_fire_time(at, now)
        return [name for _, name in due]
