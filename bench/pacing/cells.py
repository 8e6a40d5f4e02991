"""The cells that the pacer's goals are set for: scenarios, team sizes, and runs of them in both simulators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.pacing.clockwork import Clockwork, Floor
from bench.pacing.shift import Controller, Outcome, Shift, World

Run = Callable[[Controller, int], Outcome]
#: By team size: seeds, and the goals of the scenarios, in per cent.
SEEDS = {5: 10, 20: 4, 50: 2, 200: 1}
GOALS = {
    "25 % answer": {5: 77, 20: 89, 50: 94, 200: 98},
    "10 % answer": {5: 72, 20: 88, 50: 93, 200: 97},
    "20 to 40 %, staff leave": {5: 75, 20: 88, 50: 93, 200: 97},
}
#: Chance that a call is answered, the same from the middle of the shift on, and whether agents leave and return.
SCENARIOS = dict(zip(GOALS, ((0.25, None, False), (0.10, None, False), (0.20, 0.40, True)), strict=True))


def continuous(scenario: str, agents: int, seconds: int = 4 * 3600, **changes: Any) -> Run:
    """A run in the first simulator: exponential rings unless changed."""
    chance, later, leaves = SCENARIOS[scenario]
    world = World(agents, chance, later, leaves, seconds=seconds, **changes)
    return lambda controller, seed: Shift(world, controller, seed).run()


def at_ticks(scenario: str, agents: int, seconds: int = 4 * 3600, **changes: Any) -> Run:
    """A run in the second simulator: constant rings unless changed."""
    chance, later, leaves = SCENARIOS[scenario]
    floor = Floor(agents, chance, later, 0.3 if leaves else 0.0, seconds=seconds, **changes)
    return lambda controller, seed: Clockwork(floor, controller, seed).run()
