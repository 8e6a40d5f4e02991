"""How long plugins take: each call of each hook is timed, and as much is kept as a page can show."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

#: Calls per plugin and hook of which the times are kept.
KEPT = 512
_NS_PER_MS = 1e6


class HookTiming:
    """Times of one plugin's calls of one hook, in ns. `add` takes one; it is the queue's own method, to cost nothing.

    `longest` is the longest since the start, kept by whoever calls `add`.
    """

    __slots__ = ("_recent", "add", "longest")

    def __init__(self) -> None:
        self._recent: deque[int] = deque(maxlen=KEPT)
        self.add = self._recent.append
        self.longest = 0

    def recent(self) -> list[int]:
        """The last calls' times, shortest first."""
        return sorted(self._recent)


@dataclass(frozen=True)
class TimingRow:
    """What is shown of one plugin and hook: the last calls (at most `KEPT`), and the longest since the start; ms."""

    plugin: str
    hook: str
    calls: int
    p50_ms: float
    p95_ms: float
    max_ms: float


def row_of(plugin: str, hook: str, timing: HookTiming) -> TimingRow | None:
    """The figures; None where it was never called."""
    times = timing.recent()
    if not times:
        return None
    # Nearest rank: a time that was really taken, also where there are only a few.
    p50, p95 = (times[max(0, -(-len(times) * part // 100) - 1)] for part in (50, 95))
    longest = max(times[-1], timing.longest)
    return TimingRow(plugin, hook, len(times), p50 / _NS_PER_MS, p95 / _NS_PER_MS, longest / _NS_PER_MS)
