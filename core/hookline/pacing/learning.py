"""What the pacer learns while it works: hazards by age, and how willing people are to answer just now.

A hazard is events per second at an age. Everything under way counts as exposure while it lasts (censored, as in
Kaplan and Meier's estimate), so that long talks are not forgotten because they have not ended yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Experience loses half its weight in this time.
HALF_LIFE_SECONDS = 7200.0


class HazardCurve:
    """Events per second of exposure, in bins of age, smoothed over neighbours and drawn towards the overall rate."""

    def __init__(self, edges: Sequence[int], expected_seconds: float, prior_events: float, reach: int) -> None:
        """`edges` are the bins' lower ends in whole seconds, from 0; `reach` is how many neighbours smooth a bin."""
        self._exposure = [0.0] * len(edges)
        self._events = [0.0] * len(edges)
        self._expected = expected_seconds
        self._prior = prior_events
        self._reach = reach
        self._bin_of: list[int] = []
        for number, edge in enumerate(edges[1:]):
            self._bin_of += [number] * (edge - len(self._bin_of))
        self._bin_of.append(len(edges) - 1)

    def _bin(self, age: float) -> int:
        return self._bin_of[min(max(0, int(age)), len(self._bin_of) - 1)]

    def expose(self, by_age: Mapping[int, int], seconds: float) -> None:
        """So many of each age (whole seconds) were under way for so long."""
        exposure, bins, last = self._exposure, self._bin_of, len(self._bin_of) - 1
        for age, count in by_age.items():
            exposure[bins[age if age < last else last]] += count * seconds

    def happened(self, age: float) -> None:
        """Something ended at this age."""
        self._events[self._bin(age)] += 1

    def forget(self, seconds: float) -> None:
        """Let experience age by so many seconds."""
        weight = 0.5 ** (seconds / HALF_LIFE_SECONDS)
        self._exposure = [e * weight for e in self._exposure]
        self._events = [e * weight for e in self._events]

    def expected(self, by_second: Sequence[float]) -> float:
        """How many events these rates would have brought."""
        first = {b: second for second, b in reversed(list(enumerate(self._bin_of)))}
        return sum(exposure * by_second[first[b]] for b, exposure in enumerate(self._exposure))

    def by_second(self) -> list[float]:
        """The hazard at each whole second of age; the last goes for all greater ages."""
        overall = (sum(self._events) + 1) / (sum(self._exposure) + self._expected)
        prior_exposure = self._prior / overall
        events, exposure = _blurred(self._events, self._reach), _blurred(self._exposure, self._reach)
        rates = [(n + self._prior) / (e + prior_exposure) for n, e in zip(events, exposure, strict=True)]
        return [rates[b] for b in self._bin_of]


def _blurred(values: Sequence[float], reach: int) -> list[float]:
    """Each value with half of each of its neighbours."""
    edge = [0.0] * reach
    padded = [*edge, *values, *edge]
    width = 2 * reach + 1
    return [(sum(padded[n : n + width]) + value) / 2 for n, value in enumerate(values)]


class AnswerLevel:
    """How much more or less people answer just now than the learnt curve says: a factor around 1.

    A steady estimate over some minutes; where the last answers differ from it by more than chance, it starts anew from
    them, so that an answer rate that jumps is followed at once.
    """

    STEADY_SECONDS = 240.0
    STEADY_ANSWERS = 60.0
    FRESH_ANSWERS = 30.0
    SIGMAS = 3.0

    def __init__(self) -> None:
        self._steady = (0.0, 0.0)  # answers, expected answers
        self._fresh = (0.0, 0.0)
        self._rate = 0.0

    def learn(self, answers: float, expected: float, seconds: float) -> None:
        """So many answered in the last `seconds`, where the curve expected so many."""
        self._rate += (expected / seconds - self._rate) * min(1.0, seconds / 60)
        self._fresh = _window(self._fresh, answers, expected, self.FRESH_ANSWERS)
        self._steady = _window(
            self._steady, answers, expected, max(self.STEADY_ANSWERS, self._rate * self.STEADY_SECONDS)
        )
        answered, hoped = self._fresh
        spread = (self.factor * hoped + 4) ** 0.5 / (hoped + 3)
        if 8 < hoped < self._steady[1] and abs((answered + 3) / (hoped + 3) - self.factor) > self.SIGMAS * spread:
            self._steady = self._fresh

    def rebase(self, ratio: float) -> None:
        """The curve was learnt anew and now expects `ratio` times as many."""
        self._steady = (self._steady[0], self._steady[1] * ratio)
        self._fresh = (self._fresh[0], self._fresh[1] * ratio)
        self._rate *= ratio

    @property
    def factor(self) -> float:
        """To multiply the curve with."""
        return (self._steady[0] + 6) / (self._steady[1] + 6)


def _window(sums: tuple[float, float], answers: float, expected: float, most: float) -> tuple[float, float]:
    """Both sums grown, and scaled down to the window's size."""
    total = sums[1] + expected
    scale = min(1.0, most / total) if total > 0 else 1.0
    return ((sums[0] + answers) * scale, total * scale)
