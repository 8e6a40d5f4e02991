"""What the pacer learns while it works: how long things last by age, and how willing people are to answer just now.

Nothing is assumed about the shape of a duration. Everything still under way counts with the time it has lasted so far
(censored, as in Kaplan and Meier's estimate), so that long talks are not forgotten because they have not ended yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, lgamma, log, log1p

#: Experience loses half its weight in this time.
HALF_LIFE_SECONDS = 7200.0
_BEFORE = 1e-6  # an end at exactly an edge belongs to the bin before it: calls placed at ticks end at whole ages


class Lifetimes:
    """Chances to end by age, in bins: as wanted (answered, over) or in another way (not answered).

    With `by_call` whatever ends in a bin was at risk in all of it, so that the chances are exact for bins of a second
    and a ring that always lasts the same is learnt as such; without, they are events per second, for wide bins.
    """

    def __init__(
        self,
        edges: Sequence[int],
        expected_seconds: float,
        *,
        held: float,
        weight: float = 1.0,
        wanted_share: float = 1.0,
        reach: int = 0,
        by_call: bool = False,
    ) -> None:
        """`edges` are the bins' lower ends in whole seconds, from 0; `reach` is how many neighbours smooth a bin.

        What is expected before anything is known (a mean of `expected_seconds`, `wanted_share` of it as wanted) counts
        as `weight` ends; each bin is drawn towards the overall rate by as much as `held` ends weigh.
        """
        self._edges = list(edges)
        self._bin_of = [number for number, (edge, after) in enumerate(pairwise(edges)) for _ in range(edge, after)]
        self._bin_of.append(len(edges) - 1)
        self._widths = [after - edge for edge, after in pairwise(edges)] + [0.0]
        self._wanted = [0.0] * len(edges)
        self._other = [0.0] * len(edges)
        self._seconds = [0.0] * len(edges)  # lasted beyond the bin's lower end, by those that ended in it
        self._at_risk = [0.0] * len(edges)
        self._prior = (weight * wanted_share, weight * (1 - wanted_share), weight * expected_seconds)
        self._held = held
        self._reach = reach
        self._by_call = by_call
        self.count = 0.0
        self.mean = expected_seconds
        self.wanted = [0.0] * len(edges)
        self.other = [0.0] * len(edges)
        self.solve(())

    def bin(self, age: float) -> int:
        """The bin of an age."""
        return self._bin_of[min(max(0, int(age - _BEFORE)), len(self._bin_of) - 1)]

    def happened(self, age: float, weight: float = 1.0, *, wanted: bool = True) -> None:
        """Something ended at this age."""
        number = self.bin(age)
        (self._wanted if wanted else self._other)[number] += weight
        self._seconds[number] += weight * max(0.0, age - self._edges[number])
        self.count += weight if wanted else 0.0

    def forget(self, seconds: float) -> None:
        """Let experience age by so many seconds."""
        weight = 0.5 ** (seconds / HALF_LIFE_SECONDS)
        self._wanted = [n * weight for n in self._wanted]
        self._other = [n * weight for n in self._other]
        self._seconds = [n * weight for n in self._seconds]
        self.count *= weight

    def expected(self, wanted: Sequence[float]) -> float:
        """How many wanted ends these chances by bin would have brought."""
        return sum([n * chance for n, chance in zip(self._at_risk, wanted, strict=True)])

    def solve(self, under_way: Sequence[float]) -> None:
        """Work the chances out anew, with the ages of what is under way."""
        at_risk = self._exposures(under_way)
        wanted_prior, other_prior, prior_seconds = self._prior
        seconds = sum(at_risk) + prior_seconds
        wanted_rate = (sum(self._wanted) + wanted_prior) / seconds
        other_rate = (sum(self._other) + other_prior) / seconds
        held = self._held / (wanted_rate + other_rate)
        self._at_risk = at_risk
        risk, wanted, other = (self._blurred(v) for v in (at_risk, self._wanted, self._other))
        self.wanted = [(n + wanted_rate * held) / (r + held) for n, r in zip(wanted, risk, strict=True)]
        self.other = [(n + other_rate * held) / (r + held) for n, r in zip(other, risk, strict=True)]
        self.mean = 1 / (wanted_rate + other_rate)

    def _exposures(self, under_way: Sequence[float]) -> list[float]:
        """Seconds (or calls) at risk in each bin."""
        edges, at_risk = self._edges, [0.0] * len(self._edges)
        reached = [0.0] * len(edges)
        bin_of, last = self._bin_of, len(self._bin_of) - 1
        for age in under_way:
            second = int(age + _BEFORE)
            number = bin_of[second if second < last else last]
            reached[number] += 1
            if not self._by_call:
                at_risk[number] += age - edges[number]
        later = 0.0
        for number in range(len(edges) - 1, -1, -1):
            ended = self._wanted[number] + self._other[number]
            at_risk[number] += later * self._widths[number] + (ended if self._by_call else self._seconds[number])
            later += ended + reached[number]
        return at_risk

    def _blurred(self, values: list[float]) -> list[float]:
        reach = self._reach
        if not reach:
            return values
        padded = [0.0] * reach + values + [0.0] * reach
        width = 2 * reach + 1
        return [sum(padded[n : n + width]) for n in range(len(values))]


class AnswerLevel:
    """How much more or less people answer just now than the learnt curve says: a factor around 1, and its spread.

    Several memories, from ten expected answers to a thousand, bet on every tick's answers; each counts by how well it
    has predicted lately. Where nothing changes the long ones win and the spread is small. Where answers come in bursts
    or the rate jumps the short ones win at once, and their greater spread keeps the pacer careful.
    """

    MEMORIES = (10.0, 30.0, 100.0, 300.0, 1000.0)
    PRIOR = 5.0  # expected answers that a factor of 1 counts for at first
    CREDIT = 60.0  # expected answers over which good predictions are remembered
    LEAST = 1e-3

    def __init__(self) -> None:
        self._memories = [(self.PRIOR, self.PRIOR)] * len(self.MEMORIES)  # answers, expected answers
        self._credits = [1 / len(self.MEMORIES)] * len(self.MEMORIES)
        self.factor = 1.0
        self.spread = 0.0  # variance of the factor in squares of it

    def learn(self, answers: int, expected: float) -> None:
        """So many answered where the curve expected so many."""
        if answers <= 0 and expected <= 0:
            return
        expected = max(expected, 1e-6)
        kept = exp(-expected / self.CREDIT)
        merits = [
            kept * log(credit) + _merit(a, b, answers, expected)
            for (a, b), credit in zip(self._memories, self._credits, strict=True)
        ]
        best = max(merits)
        credits = [exp(merit - best) for merit in merits]
        total = sum(credits)
        credits = [max(credit / total, self.LEAST) for credit in credits]
        total = sum(credits)
        self._credits = [credit / total for credit in credits]
        self._memories = [
            _within(a + answers, b + expected, size) for (a, b), size in zip(self._memories, self.MEMORIES, strict=True)
        ]
        mean = square = 0.0
        for (a, b), credit in zip(self._memories, self._credits, strict=True):
            mean += credit * a / b
            square += credit * (a / b + (a * a) / b) / b
        self.factor = max(mean, 1e-3)
        self.spread = max(0.0, square / (self.factor * self.factor) - 1)

    def rebase(self, ratio: float) -> None:
        """The curve was learnt anew and now expects `ratio` times as many."""
        self._memories = [(a, b * ratio) for a, b in self._memories]


def _merit(a: float, b: float, answers: int, expected: float) -> float:
    """Log of the chance that a memory (a gamma distribution) gave to what happened, but for a common part."""
    merit = -(a + answers) * log1p(expected / b)
    if answers:
        merit += lgamma(a + answers) - lgamma(a) - answers * log(b)
    return merit


def _within(a: float, b: float, size: float) -> tuple[float, float]:
    return (a, b) if b <= size else (a * size / b, size)
