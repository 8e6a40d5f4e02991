"""A clock that tests turn by hand, and that runs what is due while it is turned."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2025, 3, 3, 9, 0, tzinfo=UTC)
"""Where a clock begins that is not told otherwise: a Monday, 10:00 in Warsaw."""


class Timer:
    """A handler waiting for its moment."""

    def __init__(self, due_at: datetime, number: int, handler: Callable[[], object]) -> None:
        self.due_at = due_at
        self.handler = handler
        self.cancelled = False
        self._number = number

    def __lt__(self, other: Timer) -> bool:
        """Earlier first; of two due at the same moment, the one asked for first."""
        return (self.due_at, self._number) < (other.due_at, other._number)

    def cancel(self) -> None:
        """Never run the handler. Cancelling twice, or after it ran, does nothing."""
        self.cancelled = True


class VirtualClock:
    """Implements `hookline.ports.clock.Clock`. Time stands still until `advance` or `set`.

    Handlers run in the thread that advances the clock, in the order of their moments, with `now()` standing at
    each one's moment; a handler may ask for further ones, which run in the same advance if they fall into it.
    What a handler raises comes out of `advance`; the handlers after it stay due and run at the next advance.
    May be read, and handlers be added, from any thread; two threads that advance take turns.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = _utc(start)
        self._timers: list[Timer] = []
        self._asked = 0
        self._lock = threading.Lock()
        self._turning = threading.Lock()
        self._turner: int | None = None

    def now(self) -> datetime:
        """The present moment, timezone-aware UTC."""
        with self._lock:
            return self._now

    def call_at(self, moment: datetime, handler: Callable[[], object]) -> Timer:
        """Run `handler` when the clock reaches `moment`; for one that has passed, at the next advance."""
        with self._lock:
            return self._add(_utc(moment), handler)

    def call_later(self, seconds: float, handler: Callable[[], object]) -> Timer:
        """Run `handler` `seconds` from now; 0 means at the next advance, `advance(0)` included."""
        with self._lock:
            return self._add(self._now + timedelta(seconds=seconds), handler)

    def advance(self, seconds: float = 0.0) -> None:
        """Move on by `seconds` and run what falls due. ValueError where `seconds` is negative."""
        if seconds < 0:
            raise ValueError(f"Time cannot advance by {seconds} seconds; use set() to turn it back.")
        self._turn(lambda: self._now + timedelta(seconds=seconds))

    def set(self, moment: datetime) -> None:
        """Go to `moment`. Forwards this runs what falls due; backwards it only changes what `now()` says."""
        target = _utc(moment)
        with self._lock:
            backwards = target < self._now
            if backwards:
                self._now = target
        if not backwards:
            self._turn(lambda: target)

    def _add(self, due_at: datetime, handler: Callable[[], object]) -> Timer:
        self._asked += 1
        timer = Timer(due_at, self._asked, handler)
        heapq.heappush(self._timers, timer)
        return timer

    def _turn(self, target: Callable[[], datetime]) -> None:
        if self._turner == threading.get_ident():
            raise RuntimeError("A handler of this clock tried to advance it; let the test do that.")
        with self._turning:
            self._turner = threading.get_ident()
            try:
                with self._lock:
                    end = target()
                while (timer := self._next_due(end)) is not None:
                    timer.handler()
                with self._lock:
                    self._now = max(self._now, end)
            finally:
                self._turner = None

    def _next_due(self, end: datetime) -> Timer | None:
        with self._lock:
            while self._timers and self._timers[0].due_at <= end:
                timer = heapq.heappop(self._timers)
                if not timer.cancelled:
                    self._now = max(self._now, timer.due_at)
                    return timer
            return None


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone; Hookline's times are timezone-aware UTC.")
    return moment.astimezone(UTC)
