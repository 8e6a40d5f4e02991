"""Slows down whoever guesses passwords: by login and by address, in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from hookline.ports.clock import Clock

_REMEMBERED = 10_000


class Throttle:
    """Counts failures per key; a key with `limit` failures within `window` is refused until the oldest is past."""

    def __init__(self, clock: Clock, limit: int = 8, window: timedelta = timedelta(minutes=5)) -> None:
        self._clock = clock
        self._limit = limit
        self._window = window
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_seconds(self, keys: Iterable[str]) -> int:
        """How long the keys must wait; 0 when they may try."""
        now = self._clock.now()
        with self._lock:
            return max((self._wait(key, now) for key in keys), default=0)

    def _wait(self, key: str, now: datetime) -> int:
        failures = self._failures.get(key)
        if failures is None:
            return 0
        while failures and failures[0] <= now - self._window:
            failures.popleft()
        if len(failures) < self._limit:
            return 0
        return int((failures[0] + self._window - now).total_seconds()) + 1

    def failed(self, keys: Iterable[str]) -> None:
        """Remember a failure of each key."""
        with self._lock:
            for key in keys:
                self._failures.setdefault(key, deque(maxlen=self._limit)).append(self._clock.now())
                self._failures.move_to_end(key)
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget a key's failures."""
        with self._lock:
            self._failures.pop(key, None)
