"""Controllers that the pacer is measured against."""

from __future__ import annotations

from hookline.pacing import PacingSnapshot


class Adaptive:
    """In the manner of VICIdial's adaptive modes: a ratio per ready agent, moved by steps towards the ceiling.

    Every 15 seconds the ratio rises by a step while the abandon rate is under the ceiling; over it, it falls by five.
    """

    EVERY_SECONDS = 15.0
    STEP = 0.1
    HIGHEST = 8.0

    def __init__(self, abandon_limit: float = 0.03) -> None:
        self._limit = abandon_limit
        self._ratio = 1.0
        self._changed = 0.0

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """The present ratio's worth."""
        if snapshot.now - self._changed >= self.EVERY_SECONDS:
            self._changed = snapshot.now
            over = snapshot.abandoned > self._limit * max(1, snapshot.answered)
            self._ratio = max(1.0, self._ratio - 5 * self.STEP) if over else min(self.HIGHEST, self._ratio + self.STEP)
        under_way = len(snapshot.ringing) + len(snapshot.queued)
        return max(0, int(snapshot.idle * self._ratio) - under_way)
