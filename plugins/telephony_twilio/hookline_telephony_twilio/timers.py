"""What is due later, by one clock, so that tests may turn it by hand."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import structlog

from hookline.ports.clock import Clock

log = structlog.get_logger(__name__)


class Timer(Protocol):
    """Something that is due later."""

    def cancel(self) -> None:
        """It is not to happen."""
        ...


@runtime_checkable
class Timers(Protocol):
    """Calls back when it is time."""

    def call_later(self, seconds: float, handler: Callable[[], None], /) -> Timer:
        """Call `handler` after so long, on any thread; it returns quickly."""
        ...


class _Due:
    def __init__(self, handler: Callable[[], None]) -> None:
        self.handler: Callable[[], None] | None = handler

    def cancel(self) -> None:
        self.handler = None


class RealTimers:
    """One thread that waits for real time to pass."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, _Due]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, name="twilio-timers", daemon=True).start()

    def call_later(self, seconds: float, handler: Callable[[], None], /) -> Timer:
        """Call it after so long."""
        due = _Due(handler)
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), due))
            self._changed.notify()
        return due

    def _watch(self) -> None:
        while True:
            with self._changed:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
                    continue
                handler = heapq.heappop(self._due)[2].handler
            try:
                if handler is not None:
                    handler()
            except Exception as error:
                log.error("twilio_timer_failed", error=type(error).__name__, exc_info=error)


def timers_of(clock: Clock) -> Timers:
    """The clock's own where it has some, else real time."""
    return clock if isinstance(clock, Timers) else RealTimers()
