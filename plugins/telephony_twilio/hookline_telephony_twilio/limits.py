"""As many calls at once, and begun per second, as an account allows; who waits longest goes first, clients in turn."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Clock = Callable[[], float]


class CallLimits:
    """Lets calls begin. Clients (`key`) take turns, so that a big campaign keeps nobody out."""

    def __init__(self, per_second: float, at_once: int, clock: Clock) -> None:
        """`at_once` 0: as many as one likes. A second's worth may begin together."""
        self._per_second, self._at_once, self._clock = per_second, at_once, clock
        self._lock = threading.Lock()
        self._burst = max(1.0, per_second)
        self._tokens, self._filled_at = self._burst, clock()
        self._queues: dict[object, deque[str]] = {}
        self._turns: deque[object] = deque()
        self._running: set[str] = set()

    def ask(self, key: object, leg_id: str) -> None:
        """The leg waits from now on."""
        with self._lock:
            queue = self._queues.get(key)
            if queue is None:
                self._queues[key] = deque([leg_id])
                self._turns.append(key)
            else:
                queue.append(leg_id)

    def forget(self, leg_id: str) -> bool:
        """The leg waits no more, or is over; whether it was still waiting."""
        with self._lock:
            self._running.discard(leg_id)
            for key, queue in list(self._queues.items()):
                if leg_id in queue:
                    queue.remove(leg_id)
                    if not queue:
                        del self._queues[key]
                        self._turns.remove(key)
                    return True
        return False

    def take(self) -> list[str]:
        """The legs that may begin now."""
        with self._lock:
            self._fill()
            taken: list[str] = []
            while self._turns and self._tokens >= 1 and self._has_room():
                taken.append(self._next())
                self._tokens -= 1
            return taken

    def wait_seconds(self) -> float | None:
        """After how long it is worth asking again; None where nobody waits, or only an end makes room."""
        with self._lock:
            self._fill()
            if not self._turns or not self._has_room():
                return None
            return max(0.0, (1 - self._tokens) / self._per_second)

    def slow_down(self) -> None:
        """Twilio says that it was too much: begin anew with an empty second."""
        with self._lock:
            self._fill()
            self._tokens = min(self._tokens, 0.0)

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._lock:
            return sum(len(queue) for queue in self._queues.values())

    @property
    def running(self) -> int:
        """How many have begun and are not over."""
        return len(self._running)

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now

    def _has_room(self) -> bool:
        return not self._at_once or len(self._running) < self._at_once

    def _next(self) -> str:
        key = self._turns.popleft()
        queue = self._queues[key]
        leg_id = queue.popleft()
        if queue:
            self._turns.append(key)
        else:
            del self._queues[key]
        self._running.add(leg_id)
        return leg_id
