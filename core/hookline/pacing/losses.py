"""The chance that one more answer finds no agent, at moments of the next seconds.

At each moment the answers so far and the agents free so far are sums of yes-or-noes, each with its own chance. Their
distribution is taken as the binomial of the same mean and variance: right for one ringing call as for twenty, where a
Poisson distribution would let one call answer twice. Where it is uncertain how willing people are to answer, the
variance is greater than the mean, and it is the negative binomial.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, exp, sqrt

#: From this variance on the normal distribution is close enough, and quicker.
NORMAL_FROM = 8.0
#: A count whose variance is more than this many times its mean has a long tail, which the normal distribution lacks.
_LONG_TAIL = 1.5
_ROOT_HALF = sqrt(0.5)
#: So many of either are not counted one by one, however certain.
_MANY = 50.0
_MOST = 150
_SURE = 1 - 1e-7


class FreeAgents:
    """Agents who will be free at each moment: `idle` now (less those for whom a person waits), and more by then."""

    def __init__(self, idle: int, means: Sequence[float], variances: Sequence[float]) -> None:
        self._idle = idle
        self._means = means
        self._variances = variances
        self._at_most: dict[int, list[float]] = {}

    def chance_of_none(self, moment: int, mean: float, variance: float) -> float:
        """That answers of this mean and variance have taken every agent who is free by this moment."""
        spread = variance + self._variances[moment]
        if spread > NORMAL_FROM or max(mean, self._means[moment]) > _MANY:
            wanted = self._idle + self._means[moment] - 0.5
            return _beyond(wanted, mean, spread, long_tail=variance > _LONG_TAIL * mean)
        at_most = self._at_most.get(moment)
        if at_most is None:
            at_most = self._at_most[moment] = _cumulated(shares(self._means[moment], self._variances[moment]))
        answers = shares(mean, variance)
        first = max(0, self._idle)
        chance = sum([p * q for p, q in zip(answers[first:], at_most[first - self._idle :], strict=False)])
        beyond = first + max(0, len(at_most) - first + self._idle)
        return min(1.0, chance + sum(answers[beyond:]))


def _beyond(wanted: float, mean: float, variance: float, *, long_tail: bool) -> float:
    """The chance of at least `wanted`, by the normal distribution; by the gamma one (Wilson and Hilferty) if skewed."""
    if not long_tail:
        return 0.5 * erfc((wanted - mean) / sqrt(max(variance, 1e-9)) * _ROOT_HALF)
    if wanted <= 0:
        return 1.0
    narrow = 9 * mean * mean / variance
    return 0.5 * erfc(((wanted / mean) ** (1 / 3) - 1 + 1 / narrow) * sqrt(narrow) * _ROOT_HALF)


def _cumulated(values: list[float]) -> list[float]:
    total, found = 0.0, []
    for value in values:
        total += value
        found.append(total)
    return found


def shares(mean: float, variance: float) -> list[float]:
    """Chances of 0, 1, 2, … for a count of this mean and variance."""
    if mean < 1e-9:
        return [1.0]
    apart = 1 - max(variance, 1e-9) / mean
    if apart > 1e-4:
        chance = min(apart, 0.999)
        size, step, share = mean / chance, -chance / (1 - chance), (1 - chance) ** (mean / chance)
        size = -size
    elif apart < -1e-4:
        chance = mean / variance
        size, step, share = mean * chance / (1 - chance), 1 - chance, chance ** (mean * chance / (1 - chance))
    else:
        size, step, share = mean * 1e9, 1e-9, exp(-mean)
    found, total = [share], share
    for count in range(_MOST):
        # Panjer's recursion: the binomial has a negative size and step, the Poisson distribution a huge size.
        share = min(share * (size + count) * step / (count + 1), 1 - total)
        if share <= 0:
            break
        found.append(share)
        total += share
        if total > _SURE:
            break
    return found
