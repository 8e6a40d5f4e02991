"""The pacer beside progressive, a fixed ratio and a VICIdial-like controller: utilisation and abandoned calls.

A short table by default: shifts of an hour and a half, one seed, and what a tick costs. `--goals` runs whole shifts of
the goals' cells in both simulators, `--worlds` the pacer in other worlds; `--seeds N` multiplies the seeds, a number
names the only team size to run. They take from a quarter of an hour to hours.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.pacing.cells import GOALS, SEEDS, Run, at_ticks, continuous
from bench.pacing.rivals import Adaptive
from bench.pacing.shift import Controller
from hookline.pacing import PacingSnapshot, create_pacer

RATIOS = dict(zip(GOALS, (2.0, 4.0, 2.0), strict=True))
WORLDS: dict[str, dict[str, Any]] = {
    "gamma rings": {"ring_shape": "gamma", "ring": 12.0},
    "two kinds of talk": {"talk_shape": "two kinds"},
    "bursts": {"bursts": True},
    "bursts, gamma rings": {"bursts": True, "ring_shape": "gamma"},
    "impatient": {"patience": 3.0},
    "connects at ticks": {"connect_at_ticks": True},
    "no wrap-up": {"wrap": 0.0},
}
FLOORS: dict[str, dict[str, Any]] = {
    "nothing told": {"told": False},
    "peaked rings": {"ring_kind": "peaked", "unanswered_like_answered": True},
    "lognormal, storms": {"ring_kind": "lognormal", "timeout": 28, "storms": 2.5},
    "uniform, impatient": {"ring_kind": "uniform", "patience": 3.0},
    "same talks": {"talk_spread": 0.0},
}


def predictive() -> Controller:
    """The pacer under the usual ceiling."""
    return create_pacer("predictive", 0.03)


def line(title: str, run: Run, make: Callable[[], Controller], seeds: int, goal: int | None = None) -> None:
    """Print pooled utilisation, pooled abandon rate and the worst single run."""
    runs = [run(make(), seed) for seed in range(1, seeds + 1)]
    used = statistics.mean(r.utilisation for r in runs)
    lost = sum(r.abandoned for r in runs) / max(1, sum(r.answered for r in runs))
    worst = max(r.abandon_rate for r in runs)
    aim = "" if goal is None else f"  goal {goal} %"
    print(f"{title:62} {used:6.1%} {lost:6.2%} (worst of {seeds}: {worst:5.2%}){aim}", flush=True)


def side_by_side() -> None:
    """All controllers, short shifts."""
    for scenario, ratio in RATIOS.items():
        controllers: dict[str, Callable[[], Controller]] = {
            "predictive": predictive,
            "progressive": lambda: create_pacer("progressive"),
            f"ratio {ratio}": lambda ratio=ratio: create_pacer("power", 1.0, ratio=ratio),  # type: ignore[misc]
            "adaptive": Adaptive,
        }
        for agents in (5, 20, 50):
            for name, make in controllers.items():
                line(f"{scenario:24} {agents:4} agents {name}", continuous(scenario, agents, 5400), make, 1)
            line(
                f"{scenario:24} {agents:4} agents predictive, at ticks",
                at_ticks(scenario, agents, 5400),
                predictive,
                1,
            )


def goals(sizes: Iterable[int], factor: int) -> None:
    """The goals' cells, whole shifts, both simulators."""
    for scenario, aims in GOALS.items():
        for agents in sizes:
            for name, made in (("continuous", continuous), ("at ticks", at_ticks)):
                title = f"{scenario:24} {agents:4} agents {name}"
                line(title, made(scenario, agents), predictive, SEEDS.get(agents, 1) * factor, aims.get(agents))


def worlds(sizes: Iterable[int], factor: int) -> None:
    """Other worlds, whole shifts."""
    for agents in sizes:
        for made, kinds in ((continuous, WORLDS), (at_ticks, FLOORS)):
            for name, changes in kinds.items():
                for scenario, aims in GOALS.items():
                    title = f"{name:20} {scenario:24} {agents:4} agents"
                    run = made(scenario, agents, **changes)
                    line(title, run, predictive, max(1, SEEDS.get(agents, 1) * factor // 2), aims.get(agents))


class Timed:
    """Measures the processor time of each tick."""

    def __init__(self) -> None:
        self._pacer = create_pacer("predictive", 0.03)
        self.ticks: list[float] = []

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """As the pacer wants."""
        before = time.process_time()
        calls = self._pacer.calls_to_place(snapshot)
        self.ticks.append(time.process_time() - before)
        return calls


def cost() -> None:
    """What a tick costs at 500 agents."""
    for name, made in (("continuous", continuous), ("at ticks", at_ticks)):
        timed = Timed()
        made("25 % answer", 500, 1800)(timed, 1)
        ticks = sorted(timed.ticks)
        mean, late = statistics.mean(ticks) * 1000, ticks[len(ticks) * 99 // 100] * 1000
        print(f"a tick at 500 agents, {name}: {mean:.2f} ms in the mean, {late:.2f} ms at p99", flush=True)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, help="team sizes; all of 5, 20, 50, 200 without")
    parser.add_argument("--goals", action="store_true")
    parser.add_argument("--worlds", action="store_true")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="so many times the usual seeds")
    asked = parser.parse_args()
    sizes = asked.sizes or list(SEEDS)
    print("utilisation, abandoned of answered")
    if asked.goals:
        goals(sizes, asked.seeds)
    if asked.worlds:
        worlds(sizes, asked.seeds)
    if not (asked.goals or asked.worlds):
        side_by_side()
        cost()


if __name__ == "__main__":
    main()
