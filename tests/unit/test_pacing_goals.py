"""The pacer's goals over whole shifts, pooled over seeds, in two simulators of different build. Takes half an hour."""

from __future__ import annotations

import statistics

import pytest

from bench.pacing.cells import GOALS, SEEDS, Run, at_ticks, continuous
from bench.pacing.shift import Outcome
from hookline.pacing import create_pacer

pytestmark = pytest.mark.long

CELLS = [(scenario, agents) for scenario in GOALS for agents in SEEDS]


def _runs(run: Run, agents: int) -> list[Outcome]:
    # Seeds of its own: the bench's are others.
    return [run(create_pacer("predictive", 0.03), 1000 + seed) for seed in range(SEEDS[agents])]


def _keeps_the_ceiling(runs: list[Outcome], agents: int) -> None:
    assert sum(r.abandoned for r in runs) <= 0.03 * sum(r.answered for r in runs)
    assert max(r.abandon_rate for r in runs) <= (0.032 if agents < 20 else 0.03)


@pytest.mark.parametrize(("scenario", "agents"), CELLS)
def test_whole_shifts_in_continuous_time_reach_the_goals(scenario: str, agents: int) -> None:
    runs = _runs(continuous(scenario, agents), agents)
    _keeps_the_ceiling(runs, agents)
    assert statistics.mean(r.utilisation for r in runs) >= GOALS[scenario][agents] / 100


@pytest.mark.parametrize(("scenario", "agents"), CELLS)
def test_whole_shifts_at_ticks_with_rings_that_last_the_same_come_close(scenario: str, agents: int) -> None:
    """All answers come eight seconds late there, which no pacer can make up for: a point less in big teams."""
    runs = _runs(at_ticks(scenario, agents), agents)
    _keeps_the_ceiling(runs, agents)
    assert statistics.mean(r.utilisation for r in runs) >= GOALS[scenario][agents] / 100 - (agents >= 50) / 100
