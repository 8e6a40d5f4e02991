"""Jobs: things done again and again, by core and by plugins. Each is safe to run twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger


class JobCancelled(Exception):
    """Raised inside a job by `JobRun.progress` when somebody asked it to stop."""


@dataclass
class JobRun:
    """One run, from the inside: tell how far it is, and hear that it should stop."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    done: int = 0
    total: int = 0
    report: Callable[[JobRun], None] = lambda _run: None

    def progress(self, done: int, total: int = 0) -> None:
        """Say how far the run is; raises JobCancelled where somebody asked to stop (call it between safe steps)."""
        self.done, self.total = done, total
        self.report(self)
        if self.cancelled.is_set():
            raise JobCancelled


class DailyTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Once on every local day. APScheduler's cron trigger fires twice on the day an hour comes twice; this does not."""

    def __init__(self, at: time, zone: ZoneInfo) -> None:
        self._at = at
        self._zone = zone

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """The next moment after `previous_fire_time` (on another local day) and not before `now`."""
        day = now.astimezone(self._zone).date()
        if previous_fire_time is not None:
            day = max(day, previous_fire_time.astimezone(self._zone).date() + timedelta(days=1))
        while (moment := self._moment(day)) < now:
            day += timedelta(days=1)
        return moment

    def _moment(self, day: date) -> datetime:
        # By way of UTC: a wall time that the day skips becomes the one it would have been, had it existed.
        return datetime.combine(day, self._at, self._zone).astimezone(UTC).astimezone(self._zone)


@dataclass(frozen=True)
class Job:
    """What to do and when: every so many seconds, or daily at a wall time in a zone.

    `name` is "<owner>.<job>"; a plugin's jobs begin with its own name. `run` may return a short text: the result that
    the jobs page shows. A daily job keeps its wall time over summer-time changes: a time that is skipped runs at the
    next one that exists, a time that comes twice runs once.
    """

    name: str
    title: str
    run: Callable[[JobRun], str | None]
    every_seconds: int = 0
    daily_at: str = ""  # "03:30"
    zone: str = "UTC"

    @property
    def owner(self) -> str:
        """Core, or the plugin whose job it is."""
        return self.name.partition(".")[0]

    def trigger(self, start: datetime) -> Any:
        """When it fires, from `start` on: APScheduler's trigger, which tests ask without a clock on the wall."""
        if self.daily_at:
            return DailyTrigger(time.fromisoformat(self.daily_at), ZoneInfo(self.zone))
        return IntervalTrigger(seconds=self.every_seconds, start_date=start, timezone="UTC")
