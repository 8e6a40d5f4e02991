"""What the next half minute will bring: answers from calls that ring, agents who become free."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import exp

from hookline.pacing.decision import PacingSnapshot
from hookline.pacing.learning import AnswerLevel, HazardCurve

#: Seconds ahead at which answers and agents are compared.
MOMENTS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26, 30)
#: Ages of ringing beyond this are one.
RING_AGES = 121
WRAP_AGES = 241
REFRESH_SECONDS = 5.0
#: After the first tick all curves are refreshed together for so long.
SETTLING_SECONDS = 180.0
#: A gap between ticks longer than this teaches nothing about what happened meanwhile.
LONGEST_STEP = 5.0

_TALK_EDGES = (0, 5, 10, 15, 20, 30, 40, 50, 60, 75, 90, 110, 130, 160, 200, 260, 350, 500, 700, 1000)
_WRAP_EDGES = (*range(20), *range(20, 40, 2), *range(40, 80, 5), *range(80, 241, 20))

Moments = tuple[float, ...]


@dataclass(frozen=True)
class Outlook:
    """Means and variances at each of MOMENTS; `fresh` is one new call's chance to have been answered by then."""

    answers: list[float]
    answers_variance: list[float]
    free: list[float]
    free_variance: list[float]
    fresh: Moments
    answer_chance: float


class Forecaster:
    """Learns from every tick how long rings, talks and wrap-ups last, and looks ahead."""

    def __init__(self) -> None:
        edges = tuple(range(RING_AGES))
        self._answer = HazardCurve(edges, 30.0, 0.45, 1)
        self._end = HazardCurve(edges, 25.0, 0.6, 1)
        self._talk = HazardCurve(_TALK_EDGES, 140.0, 5.0, 1)
        self._wrap = HazardCurve(_WRAP_EDGES, 20.0, 5.0, 2)
        self.level = AnswerLevel()
        self._last: PacingSnapshot | None = None
        self._refreshed: float | None = None
        self._first: float | None = None
        self._dialled_before = 0
        self._talks = self._wraps = 0
        self._timeout = 0.0
        self._turn = -1
        self._rates: list[list[float]] = []
        self._lasting: list[float] = []
        self._by_age: dict[int, tuple[float, Moments, Moments]] = {}
        self._wrapped_by: dict[int, tuple[Moments, Moments]] = {}

    def outcomes_known(self, now: PacingSnapshot) -> int:
        """How many calls placed since the first tick have ended ringing."""
        return now.dialled - self._dialled_before - len(now.ringing)

    def watched(self, now: PacingSnapshot) -> float:
        """Seconds since the first tick."""
        return now.now - self._first if self._first is not None else 0.0

    def observe(self, now: PacingSnapshot) -> None:
        """Learn from one tick."""
        before = self._last
        self._ringing_now = Counter(map(int, now.ringing))
        self._talking_now = Counter(map(int, now.talking))
        self._wrapping_now = Counter(map(int, now.wrapping))
        if before is None:
            self._first = now.now
            self._dialled_before = now.dialled - len(now.ringing)
            self._refresh(now, 0.0)
        step = min(LONGEST_STEP, now.now - before.now) if before else 1.0
        self._learn_from_events(now)
        if step > 0:
            self._learn_from_ages(now, step, now.answered - before.answered if before else 0)
        self._last = now
        since = now.now - (self._refreshed if self._refreshed is not None else now.now)
        if since >= REFRESH_SECONDS or self._timeout != now.ring_timeout:
            self._refresh(now, since)

    def _learn_from_events(self, now: PacingSnapshot) -> None:
        for kind, _, seconds in now.events:
            if kind == "answer":
                self._answer.happened(seconds)
            elif kind == "fail":
                self._end.happened(seconds)
            elif kind == "talk_end":
                self._talks += 1
                self._talk.happened(seconds)
            elif kind == "wrap_end":
                self._wraps += 1
                self._wrap.happened(seconds)
        self._wraps += len(now.wrapping)

    def _learn_from_ages(self, now: PacingSnapshot, step: float, answers: int) -> None:
        rates, last = self._rates[0], RING_AGES - 1
        expected = step * sum(count * rates[min(last, age)] for age, count in self._ringing_now.items())
        self._answer.expose(self._ringing_now, step)
        self._end.expose(self._ringing_now, step)
        self._talk.expose(self._talking_now, step)
        self._wrap.expose(self._wrapping_now, step)
        self.level.learn(max(0, answers), expected, step)

    def _refresh(self, now: PacingSnapshot, seconds: float) -> None:
        """Work out the curves anew, one in turn: they change slowly, and this is the dear part."""
        curves = (self._answer, self._end, self._talk, self._wrap)
        if self.watched(now) < SETTLING_SECONDS:
            # The curves hold all there is to know, the level included, and they move fast.
            self._rates = [curve.by_second() for curve in curves]
            self.level = AnswerLevel()
            self._turn = len(curves) - 1
        else:
            self._turn = (self._turn + 1) % len(curves)
            self._relearn(curves[self._turn], seconds * len(curves))
        self._refreshed, self._timeout = now.now, now.ring_timeout
        self._ring_tables(now.ring_timeout)
        if self._turn == len(curves) - 1:
            self._wrap_tables(now.grace_seconds)

    def _relearn(self, curve: HazardCurve, seconds: float) -> None:
        curve.forget(seconds)
        before, self._rates[self._turn] = self._rates[self._turn], curve.by_second()
        if curve is self._answer and (was := curve.expected(before)) > 0:
            self.level.rebase(curve.expected(self._rates[0]) / was)

    def _ring_tables(self, timeout: float) -> None:
        """Still ringing, and answered by then, at each age of a fresh call at the present level."""
        answers, ends, level = self._rates[0], self._rates[1], self.level.factor
        ringing, answered, left, sure = [1.0], [0.0], 1.0, 0.0
        for age in range(RING_AGES):
            answer = answers[age] * level if age < timeout else 0.0
            either = answer + (ends[age] if age < timeout else 5.0)
            gone = left * (1 - exp(-either))
            sure += gone * answer / either
            left -= gone
            answered.append(sure)
            ringing.append(left)
        answered += [sure] * MOMENTS[-1]
        self._ringing, self._answered = ringing, answered
        self._by_age = {}

    def _wrap_tables(self, grace: float) -> None:
        rates = self._rates[3]
        lasting = [1.0]
        for age in range(WRAP_AGES + MOMENTS[-1] + int(grace) + 2):
            lasting.append(lasting[-1] * exp(-rates[min(age, len(rates) - 1)]))
        self._lasting = lasting
        self._ahead = tuple(min(moment + max(0, round(grace)), len(lasting) - 1) for moment in MOMENTS)
        done, through = [0.0], 0.0
        for second in range(1, self._ahead[-1] + 1):
            through += 1 - (lasting[second - 1] + lasting[second]) / 2
            done.append(through)
        no_wrap = self._talks >= 10 and not self._wraps
        #: For a talk that ends at one per second: how many such agents are through their wrap-up by then.
        self._talk_through = [float(a) if no_wrap else done[a] for a in self._ahead]
        self._wrapped_by = {}

    def outlook(self, now: PacingSnapshot) -> Outlook:
        """What the people, calls and agents of this tick will do."""
        answers, answers_variance = self._answers()
        free, free_variance = self._free(now)
        _, fresh, _ = self._chances(0)
        return Outlook(answers, answers_variance, free, free_variance, fresh, max(fresh[-1], 1e-4))

    def _chances(self, age: int) -> tuple[float, Moments, Moments]:
        """Of a call of this age: that it is answered at all, by each moment, and the same times its opposite."""
        age = min(age, RING_AGES - 1)
        found = self._by_age.get(age)
        if found is None:
            ringing, base = self._ringing[age], self._answered[age]
            if ringing > 1e-9:
                by = tuple(min(1.0, (self._answered[age + m] - base) / ringing) for m in MOMENTS)
            else:
                by = (0.0,) * len(MOMENTS)
            found = self._by_age[age] = (by[-1], by, tuple(p * (1 - p) for p in by))
        return found

    def _answers(self) -> tuple[list[float], list[float]]:
        means, variances = [0.0] * len(MOMENTS), [0.0] * len(MOMENTS)
        for age, count in self._ringing_now.items():
            _, by, spread = self._chances(age)
            means = [m + count * p for m, p in zip(means, by, strict=True)]
            variances = [v + count * s for v, s in zip(variances, spread, strict=True)]
        return means, variances

    def _free(self, now: PacingSnapshot) -> tuple[list[float], list[float]]:
        """Agents who become free; those about to leave are taken out in proportion."""
        busy = len(now.talking) + len(now.wrapping)
        stay = max(0.0, 1 - now.logging_out / busy) if busy else 1.0
        means, squares = [0.0] * len(MOMENTS), [0.0] * len(MOMENTS)
        for age, count in self._wrapping_now.items():
            by, square = self._wrapped(age)
            means = [m + count * p for m, p in zip(means, by, strict=True)]
            squares = [s + count * p for s, p in zip(squares, square, strict=True)]
        rates, last = self._rates[2], len(self._rates[2]) - 1
        ending = sum([count * rates[age if age < last else last] for age, count in self._talking_now.items()])
        talking = max(1, len(now.talking))
        for n, through in enumerate(self._talk_through):
            mean = min(float(talking), ending * through)
            means[n] += mean
            squares[n] += mean * mean / talking
        return [stay * m for m in means], [stay * max(0.0, m - s) for m, s in zip(means, squares, strict=True)]

    def _wrapped(self, age: int) -> tuple[Moments, Moments]:
        """Of a wrap-up of this age: that it is over by each moment and the grace after it, and the squares."""
        age = min(age, WRAP_AGES - 1)
        found = self._wrapped_by.get(age)
        if found is None:
            now = max(self._lasting[age], 1e-12)
            by = tuple(1 - self._lasting[age + ahead] / now for ahead in self._ahead)
            found = self._wrapped_by[age] = (by, tuple(p * p for p in by))
        return found
