"""Work that talks with Twilio: off the callers' threads, in order for each key, repeated where that may help."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.timers import Timer, Timers

log = structlog.get_logger(__name__)
Work = Callable[[], None]
_PAUSES = (0.3, 0.8, 2.0)
_STOP_LOOK_SECONDS = 0.02


@dataclass
class _Job:
    work: Work
    failed: Callable[[ProviderError], None] | None
    tries: int = 0


class Works:
    """Runs work of one key one after the other, of several keys side by side.

    Where Twilio asks for patience (429) or has trouble (5xx, no answer) the work is done again after a pause, so it
    must be such that twice is no harm; `failed` is told when it is given up.
    """

    def __init__(self, timers: Timers, threads: int = 16) -> None:
        self._timers = timers
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="twilio")
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[_Job]] = {}
        self._pausing: set[str] = set()
        self._running = 0
        self._numbers = itertools.count()
        self._stopped = False

    def do(self, key: str, work: Work, failed: Callable[[ProviderError], None] | None = None) -> None:
        """Do it soon, after everything else of this key."""
        with self._lock:
            if self._stopped:
                return
            waiting = self._waiting.get(key)
            if waiting is not None:
                waiting.append(_Job(work, failed))
                return
            self._waiting[key] = deque([_Job(work, failed)])
            self._begin(key)

    def alone(self, work: Work, failed: Callable[[ProviderError], None] | None = None) -> None:
        """Do it soon, beside everything else."""
        self.do(f"alone-{next(self._numbers)}", work, failed)

    def later(self, seconds: float, key: str, work: Work) -> Timer:
        """Do it after so long."""
        return self._timers.call_later(seconds, lambda: self.do(key, work))

    @property
    def idle(self) -> bool:
        """Whether nothing is being done, and nothing waits but for its time."""
        with self._lock:
            return self._running == 0

    def stop(self, seconds: float) -> None:
        """Finish what is under way, at most so long; begin nothing more."""
        deadline = time.monotonic() + seconds
        while not self.idle and time.monotonic() < deadline:
            time.sleep(_STOP_LOOK_SECONDS)
        with self._lock:
            self._stopped = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self, key: str) -> None:
        self._running += 1
        self._pool.submit(self._run, key)

    def _run(self, key: str) -> None:
        while True:
            with self._lock:
                waiting = self._waiting[key]
                if not waiting or self._stopped:
                    del self._waiting[key]
                    self._running -= 1
                    return
                job = waiting[0]
            pause = self._try(job)
            with self._lock:
                if pause is None:
                    waiting.popleft()
                    continue
                self._running -= 1
            self._timers.call_later(pause, lambda: self._resume(key))
            return

    def _resume(self, key: str) -> None:
        with self._lock:
            if not self._stopped:
                self._begin(key)

    def _try(self, job: _Job) -> float | None:
        """Do it; after how long to do it again, None where it is done with."""
        try:
            job.work()
        except ProviderError as error:
            if error.passing and job.tries < len(_PAUSES):
                job.tries += 1
                return max(_PAUSES[job.tries - 1], error.retry_after)
            self._give_up(job, error)
        except Exception as error:
            log.error("twilio_work_failed", error=type(error).__name__, exc_info=error)
        return None

    @staticmethod
    def _give_up(job: _Job, error: ProviderError) -> None:
        if job.failed is None:
            log.warning("twilio_refused", status=error.status, code=error.code)
            return
        try:
            job.failed(error)
        except Exception as second:
            log.error("twilio_work_failed", error=type(second).__name__, exc_info=second)
