"""How often a token may ask: a bucket per token, in this process."""

from __future__ import annotations

import math
import threading
from datetime import datetime

from hookline.ports.clock import Clock


class RateLimit:
    """Lets each key through `per_minute` times a minute, as many at once after a minute's silence."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._left: dict[int, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, key: int) -> int:
        """0 where it may ask now; else after how many seconds it may."""
        now = self._clock.now()
        with self._lock:
            left, at = self._left.get(key, (float(self._per_minute), now))
            gained = max((now - at).total_seconds(), 0.0) * self._per_minute / 60
            left = min(left + gained, float(self._per_minute))
            if left < 1:
                self._left[key] = (left, now)
                return math.ceil((1 - left) * 60 / self._per_minute)
            self._left[key] = (left - 1, now)
            return 0
