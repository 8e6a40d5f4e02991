"""How many live answers will find no agent: expectations over answers and agents becoming free in the next seconds.

At each of a few moments ahead the answers so far and the agents free so far are sums of independent yes-or-noes, each
with its own probability. Their distribution is taken as the binomial of the same mean and variance: right for one
ringing call as for twenty, where a Poisson distribution would let one call answer twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, pi, sqrt

#: From this variance on the normal distribution is close enough, and quicker.
NORMAL_FROM = 10.0
_DENSITY = 1 / sqrt(2 * pi)
_ROOT_HALF = sqrt(0.5)
_MOST = 60


class FreeAgents:
    """Agents who will be free at each moment: `idle` now (less those for whom a person waits), and more by then."""

    def __init__(self, idle: int, means: Sequence[float], variances: Sequence[float]) -> None:
        self._idle = idle
        self._means = means
        self._variances = variances
        self._tables: dict[int, list[float]] = {}

    def expected_losses(self, means: Sequence[float], variances: Sequence[float]) -> float:
        """Answers beyond the free agents, at the moment where they are most; answers are given by their moments."""
        worst = 0.0
        idle, free, spread = self._idle, self._means, self._variances
        for moment, mean in enumerate(means):
            variance = variances[moment] + spread[moment]
            if variance > NORMAL_FROM:
                surplus, sd = mean - free[moment] - idle, sqrt(variance)
                z = surplus / sd
                lost = sd * _DENSITY * exp(-z * z / 2) + surplus * 0.5 * erfc(-z * _ROOT_HALF)
            else:
                lost = self._small(moment, mean, variances[moment])
            if lost > worst:
                worst = lost
        return worst

    def _small(self, moment: int, mean: float, variance: float) -> float:
        table = self._tables.get(moment)
        if table is None:
            table = self._tables[moment] = _shortfalls(self._means[moment], self._variances[moment])
        lost, idle, last = 0.0, self._idle, len(table) - 1
        for answers, share in enumerate(binomial(mean, variance)):
            short = answers - idle
            if short > 0:
                lost += share * (table[short] if short <= last else table[last] + short - last)
        return lost


def _shortfalls(mean: float, variance: float) -> list[float]:
    """By number wanted: how many of them are expected to be missing, where `mean` come."""
    table, at_most = [0.0], 0.0
    for share in binomial(mean, variance):
        at_most = min(1.0, at_most + share)
        table.append(table[-1] + at_most)
    return table


def binomial(mean: float, variance: float) -> list[float]:
    """Probabilities of 0, 1, 2, … for a count of this mean and variance (at most the mean: Poisson)."""
    if mean < 1e-9:
        return [1.0]
    chance = min(0.999, 1 - variance / mean)
    if chance < 1e-6:
        trials, odds, share = 1e9, mean / 1e9, exp(-mean)
    else:
        trials = mean / chance
        odds = chance / (1 - chance)
        share = (1 - chance) ** trials
    shares, total = [share], share
    for count in range(min(_MOST, int(trials) + 1)):
        share *= (trials - count) / (count + 1) * odds
        if share <= 0:
            break
        shares.append(share)
        total += share
        if total > 1 - 1e-7:
            break
    return shares
