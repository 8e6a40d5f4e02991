"""What the next half minute will bring: answers from calls that ring, agents who become free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from operator import mul

from hookline.pacing.decision import PacingSnapshot
from hookline.pacing.happenings import Happenings, placed
from hookline.pacing.learning import AnswerLevel, Lifetimes

#: Ages of ringing beyond this are one.
RING_AGES = 120
TALK_AGES = 1800
WRAP_AGES = 300
#: As far ahead as answers and agents are compared.
FURTHEST = 30
LONGEST_GRACE = 60
#: Ends of talks or wrap-ups at which they are half counted on.
ENDS_TO_TRUST = 3.0
#: The three curves are worked out anew in turn, this often: they change slowly, and it is the dear part.
TURN_SECONDS = 3.0
#: After the first tick they move fast for so long, and their turns come more often.
SETTLING_SECONDS = 180.0
SETTLING_TURN_SECONDS = 1.0
#: A gap between ticks longer than this teaches nothing about what happened meanwhile.
LONGEST_STEP = 5.0


@dataclass(frozen=True)
class Outlook:
    """Means and variances at each of `moments`; `fresh` is a new call's chance to have been answered by then.

    `level_spread` is the uncertainty of how willing people are to answer (variance in squares of the mean): it moves
    all calls together.
    """

    moments: tuple[int, ...]
    answers: list[float]
    answers_variance: list[float]
    free: list[float]
    free_variance: list[float]
    fresh: list[float]
    answer_chance: float
    level_spread: float


def _growing(first: int, factor: float, last: int) -> list[int]:
    edges, edge = [0], 0.0
    while edge < last:
        edge = max(edge + first, edge * factor)
        edges.append(int(edge))
    return edges


class Forecaster:
    """Learns from every tick how long rings, talks and wrap-ups last, and looks ahead."""

    def __init__(self) -> None:
        self.rings = Lifetimes(range(61), 16.0, held=1.0, weight=8.0, wanted_share=0.25, by_call=True)
        self.talks = Lifetimes(_growing(5, 1.12, TALK_AGES), 140.0, held=5.0, weight=5.0, reach=1)
        wrap_edges = [*range(40), *range(40, 80, 3), *range(80, WRAP_AGES + 1, 20)]
        self.wraps = Lifetimes(wrap_edges, 20.0, held=3.0, weight=1.0, reach=1)
        self._talk_bins = [self.talks.bin(second + 0.5) for second in range(TALK_AGES + 1)]
        self._wrap_bins = [self.wraps.bin(second + 0.5) for second in range(WRAP_AGES + FURTHEST + LONGEST_GRACE)]
        self.level = AnswerLevel()
        self._happenings = Happenings()
        self._last: PacingSnapshot | None = None
        self._first = 0.0
        self._dialled_before = 0
        self._solved: dict[Lifetimes, float] = {}
        self._refreshed = 0.0
        self._turn = 0
        self._ringing_now: Counter[int] = Counter()
        self._ring_key: tuple[float, ...] = ()
        self._tables_level = 0.0

    def outcomes_known(self, now: PacingSnapshot) -> int:
        """How many calls placed since the first tick have ended ringing."""
        return now.dialled - self._dialled_before - len(now.ringing)

    def watched(self, now: PacingSnapshot) -> float:
        """Seconds since the first tick."""
        return now.now - self._first if self._last is not None else 0.0

    def settling(self, now: PacingSnapshot) -> bool:
        """Whether the first minutes are not over yet, in which the curves still move fast."""
        return self.watched(now) < SETTLING_SECONDS

    def observe(self, now: PacingSnapshot) -> None:
        """Learn from one tick."""
        before = self._last
        if before is None:
            self._first = now.now
            self._dialled_before = now.dialled - len(now.ringing)
        step = now.now - before.now if before else 0.0
        if not 0 < step <= LONGEST_STEP:
            step = 0.0
        self._learn(before, now, step)
        if before and step and not self.settling(now):
            ages, chances = self._ringing_now, self.rings.wanted
            last = len(chances) - 1
            expected = sum([n * chances[age if age < last else last] for age, n in ages.items()])
            expected += placed(before, now) * chances[0]
            self.level.learn(max(0, now.answered - before.answered), expected * step)
        self._ringing_now = Counter([int(age + 0.5) for age in now.ringing])
        self._last = now
        self._refresh(now)

    def _learn(self, before: PacingSnapshot | None, now: PacingSnapshot, step: float) -> None:
        for ended in self._happenings.between(before, now, step):
            if ended.kind == "answer":
                self.rings.happened(ended.seconds, ended.weight)
            elif ended.kind == "fail":
                self.rings.happened(ended.seconds, ended.weight, wanted=False)
            elif ended.kind == "talk_end":
                self.talks.happened(ended.seconds)
            else:
                self.wraps.happened(ended.seconds)

    def _refresh(self, now: PacingSnapshot) -> None:
        curves = (self.rings, self.talks, self.wraps)
        if not self._solved:
            for lifetimes in curves:
                self._solve(lifetimes, now)
        elif now.now - self._refreshed >= (SETTLING_TURN_SECONDS if self.settling(now) else TURN_SECONDS):
            self._turn = (self._turn + 1) % len(curves)
            self._solve(curves[self._turn], now)

    def _solve(self, lifetimes: Lifetimes, now: PacingSnapshot) -> None:
        lifetimes.forget(max(0.0, now.now - self._solved.get(lifetimes, now.now)))
        self._solved[lifetimes] = self._refreshed = now.now
        if lifetimes is self.rings and self.settling(now):
            # The curve holds all there is to know, the level included, and it moves fast.
            self.level = AnswerLevel()
        if lifetimes is self.rings:
            before = lifetimes.wanted
            lifetimes.solve(now.ringing)
            if (was := lifetimes.expected(before)) > 0:
                self.level.rebase(lifetimes.expected(lifetimes.wanted) / was)
            self._ring_key = ()
        elif lifetimes is self.talks:
            lifetimes.solve(now.talking)
            rates = lifetimes.wanted
            self._talk_rates = [rates[number] for number in self._talk_bins]
        else:
            lifetimes.solve(now.wrapping)
            self._wrap_tables()

    def _wrap_tables(self) -> None:
        kept = [exp(-rate) for rate in self.wraps.wanted]
        lasting = list(accumulate([kept[number] for number in self._wrap_bins], mul, initial=1.0))
        self._lasting = lasting
        self._lasting_squared = [share * share for share in lasting]
        #: For talks that end at one per second: how many of those agents are through their wrap-up by each second.
        done = [0.0]
        for second in range(1, FURTHEST + LONGEST_GRACE + 1):
            done.append(done[-1] + 1 - (lasting[second - 1] + lasting[second]) / 2)
        no_wrap = self.talks.count >= 10 and not self.wraps.count
        self._through = [float(second) for second in range(len(done))] if no_wrap else done

    def _ring_tables(self, timeout: float) -> None:
        """Still ringing, and answered by then, at each age of a fresh call at the present level."""
        level = self.level.factor
        key = (timeout,)
        if key == self._ring_key and abs(level - self._tables_level) < 0.01 * level:
            return
        self._ring_key, self._tables_level = key, level
        wanted, other = self.rings.wanted, self.rings.other
        ringing, answered, left, sure = [1.0], [0.0], 1.0, 0.0
        last = len(wanted) - 1
        for age in range(RING_AGES):
            number = age if age < last else last
            learnt = min(1.0, wanted[number])
            answer, fail = min(0.97, learnt * level), 0.9
            if age >= timeout + 1:
                answer = 0.0
            else:
                fail = min(1 - learnt, other[number]) * (1 - answer) / (1 - learnt) if learnt < 1 else 1 - answer
            sure += left * answer
            left *= max(0.0, 1 - answer - fail)
            ringing.append(left)
            answered.append(sure)
            if left < 1e-7:
                break
        ringing += [0.0] * (RING_AGES + 1 - len(ringing))
        self._answered = answered + [sure] * (RING_AGES + FURTHEST + 1 - len(answered))
        self._answered_squared = [share * share for share in self._answered]
        self._ringing = ringing
        self._moments = _moments(self._answered)

    def outlook(self, now: PacingSnapshot) -> Outlook:
        """What the people, calls and agents of this tick will do."""
        self._ring_tables(now.ring_timeout)
        answers, answers_variance = self._answers()
        free, free_variance = self._free(now)
        return Outlook(
            self._moments,
            answers,
            answers_variance,
            free,
            free_variance,
            [self._answered[moment] for moment in self._moments],
            max(self._answered[RING_AGES], 1e-4),
            self.level.spread + 1 / (self.rings.count + 2),
        )

    def _answers(self) -> tuple[list[float], list[float]]:
        """Of a call of age a by moment m: (answered[a + m] - answered[a]) / ringing[a], summed over the calls."""
        ages = [age for age in self._ringing_now if age < RING_AGES and self._ringing[age] > 1e-5]
        size = max(ages) + 1 if ages else 0
        once, twice, cross = [0.0] * size, [0.0] * size, [0.0] * size
        before = before_squared = 0.0
        for age in ages:
            share = self._ringing_now[age] / self._ringing[age]
            once[age], twice[age] = share, share / self._ringing[age]
            cross[age] = twice[age] * self._answered[age]
            before += share * self._answered[age]
            before_squared += cross[age] * self._answered[age]
        means, variances = [], []
        for moment in self._moments:
            then = self._answered[moment : moment + size]
            mean = sum(map(mul, once, then)) - before
            squares = sum(map(mul, twice, self._answered_squared[moment : moment + size]))
            squares += before_squared - 2 * sum(map(mul, cross, then))
            means.append(max(0.0, mean))
            variances.append(max(0.0, mean - squares))
        return means, variances

    def _free(self, now: PacingSnapshot) -> tuple[list[float], list[float]]:
        """Agents free by each moment and the grace after it; those about to leave are taken out in proportion."""
        busy = len(now.talking) + len(now.wrapping)
        stay = max(0.0, 1 - now.logging_out / busy) if busy else 1.0
        once, twice = self._wrapping(now.wrapping)
        wrapping, size = len(now.wrapping), len(once)
        talking = max(1, len(now.talking))
        ending = _total(self._talk_rates, now.talking)
        ends_talks, ends_wraps = _trust(self.talks), _trust(self.wraps)
        grace = min(LONGEST_GRACE, max(0, round(now.grace_seconds)))
        means, variances = [], []
        for moment in self._moments:
            by = moment + grace
            lasts = sum(map(mul, once, self._lasting[by : by + size]))
            squares = wrapping - 2 * lasts + sum(map(mul, twice, self._lasting_squared[by : by + size]))
            through = ends_talks * min(float(talking), ending * self._through[by])
            mean = ends_wraps * (wrapping - lasts) + through
            means.append(stay * mean)
            variances.append(stay * max(0.0, mean - ends_wraps * squares - through * through / talking))
        return means, variances

    def _wrapping(self, ages: Sequence[float]) -> tuple[list[float], list[float]]:
        """By age: how many wrap up, over the share that lasts to this age, and over its square."""
        counts = Counter([min(WRAP_AGES, int(age + 0.5)) for age in ages])
        size = max(counts) + 1 if counts else 0
        once, twice = [0.0] * size, [0.0] * size
        for age, count in counts.items():
            lasting = max(1e-9, self._lasting[age])
            once[age] = count / lasting
            twice[age] = count / (lasting * lasting)
        return once, twice


def _moments(answered: Sequence[float]) -> tuple[int, ...]:
    """Seconds ahead at which to compare: every one of the first, then wider apart, until almost all have answered."""
    last = next((m for m in range(1, FURTHEST) if answered[m] >= 0.99 * answered[RING_AGES]), FURTHEST)
    last = max(last, 8)
    wide = (*range(1, 11), 12, 14, 16, 19, 22, 26, 30)
    return tuple(sorted({min(moment, last) for moment in wide}))


def _trust(lifetimes: Lifetimes) -> float:
    """How far to count on such ends: not before some have been seen, or a new team would be dialled for too early."""
    return lifetimes.count / (lifetimes.count + ENDS_TO_TRUST)


def _total(rates: Sequence[float], ages: Sequence[float]) -> float:
    """Sum of the rates at these ages."""
    last = len(rates) - 1
    try:
        return sum(map(rates.__getitem__, map(int, ages)))
    except IndexError:
        return sum([rates[min(last, int(age))] for age in ages])
