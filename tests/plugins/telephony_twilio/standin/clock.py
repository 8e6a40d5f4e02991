"""A clock with the machine's time; to the stand-in it is the same as `hookline.testing.clock.VirtualClock`."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Timer(Protocol):
    """A handler waiting for its moment."""

    def cancel(self) -> None:
        """Never run it."""
        ...


class Clock(Protocol):
    """Tells the time and wakes up."""

    def now(self) -> datetime:
        """UTC."""
        ...

    def call_later(self, seconds: float, handler: Callable[[], object]) -> Timer:
        """Run `handler` so many seconds from now."""
        ...


class _Waiting:
    def __init__(self, handler: Callable[[], object]) -> None:
        self.handler: Callable[[], object] | None = handler

    def cancel(self) -> None:
        self.handler = None


class RealClock:
    """One thread that runs each handler when its moment has come."""

    def __init__(self) -> None:
        self._due: list[tuple[datetime, int, _Waiting]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="standin-clock", daemon=True)
        self._thread.start()

    def now(self) -> datetime:
        """The machine's time."""
        return datetime.now(UTC)

    def call_later(self, seconds: float, handler: Callable[[], object]) -> Timer:
        """Run it in the clock's thread."""
        waiting = _Waiting(handler)
        with self._changed:
            heapq.heappush(self._due, (self.now() + timedelta(seconds=seconds), next(self._count), waiting))
            self._changed.notify()
        return waiting

    def stop(self) -> None:
        """Run no handler any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join(5)

    def _run(self) -> None:
        while (handler := self._next()) is not None:
            handler()

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            while not self._stopped:
                wait = (self._due[0][0] - self.now()).total_seconds() if self._due else None
                if wait is not None and wait <= 0:
                    waiting = heapq.heappop(self._due)[2]
                    if waiting.handler is not None:
                        return waiting.handler
                    continue
                self._changed.wait(wait)
        return None
