"""What cells take of the machine, read from /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figures:
    """Of some processes: how many there are, memory of their own (MB) and CPU (per cent of a core) of all together."""

    count: int
    megabytes: float
    cpu_percent: float


def figures(pids: Sequence[int]) -> Figures:
    """Their memory now, and their CPU since each began; a process that has gone meanwhile is left out."""
    seen = [found for pid in pids if (found := _one(pid)) is not None]
    return Figures(len(seen), sum(memory for memory, _ in seen), sum(cpu for _, cpu in seen))


def _one(pid: int) -> tuple[float, float] | None:
    try:
        private = sum(
            int(line.split()[1])
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            if line.startswith("Private")
        )
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    alive = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / ticks
    used = (int(fields[11]) + int(fields[12])) / ticks
    return private / 1024, 100 * used / alive if alive > 0 else 0.0
