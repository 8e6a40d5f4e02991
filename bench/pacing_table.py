"""The pacer beside progressive, a fixed ratio and a VICIdial-like controller: utilisation and abandoned calls.

A short table by default (one shift of an hour and a half for each cell); `--full` runs whole shifts over many seeds and
other worlds, and takes an hour or so.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.pacing.rivals import Adaptive
from bench.pacing.shift import Controller, Outcome, Shift, World
from hookline.pacing import create_pacer

RATIOS = {0.25: 2.0, 0.10: 4.0}
WORLDS: dict[str, dict[str, Any]] = {
    "base": {},
    "long rings": {"ring_shape": "gamma", "ring": 12.0},
    "two kinds of talk": {"talk_shape": "two kinds"},
    "bursts": {"bursts": True},
    "impatient": {"patience": 3.0},
    "connects at ticks": {"connect_at_ticks": True},
}


def cell(world: World, make: Callable[[], Controller], seeds: range) -> str:
    """Pooled utilisation, pooled abandon rate and the worst single run."""
    runs: list[Outcome] = [Shift(world, make(), seed).run() for seed in seeds]
    used = statistics.mean(r.utilisation for r in runs)
    lost = sum(r.abandoned for r in runs) / max(1, sum(r.answered for r in runs))
    return f"{used:6.1%} {lost:6.2%} (worst {max(r.abandon_rate for r in runs):5.2%})"


def table(seconds: int, seeds: dict[int, int], worlds: dict[str, dict[str, Any]]) -> None:
    """Print a line for each cell and controller."""
    for title, changes in worlds.items():
        for chance, later, leave in ((0.25, None, False), (0.10, None, False), (0.2, 0.4, True)):
            for agents, count in seeds.items():
                world = World(agents, chance, later, leave, seconds=seconds)
                world = replace(world, **changes)
                ratio = RATIOS.get(chance, 2.0)
                controllers: dict[str, Callable[[], Controller]] = {
                    "predictive": lambda: create_pacer("predictive", 0.03),
                    "progressive": lambda: create_pacer("progressive"),
                    f"ratio {ratio}": lambda ratio=ratio: create_pacer("power", 1.0, ratio=ratio),  # type: ignore[misc]
                    "adaptive": Adaptive,
                }
                rate = f"{chance:.0%}" + (f"→{later:.0%}, staff changes" if later else "")
                for name, make in controllers.items():
                    if title == "base" or name == "predictive":
                        print(
                            f"{title:18} {rate:24} {agents:4} agents {name:12} {cell(world, make, range(count))}",
                            flush=True,
                        )


def main() -> None:
    """Print the table."""
    print("agents, controller: utilisation, abandoned of answered")
    if "--full" in sys.argv:
        table(4 * 3600, {5: 40, 20: 12, 50: 6, 200: 2}, WORLDS)
    else:
        table(5400, {5: 1, 20: 1, 50: 1}, {"base": {}})


if __name__ == "__main__":
    main()
