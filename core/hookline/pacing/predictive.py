"""The predictive pacer: dial while one more answer is unlikely enough to find no agent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import exp, log

from hookline.pacing.decision import PacingDecision, PacingSnapshot, Reason, conclude, uncovered
from hookline.pacing.fixed import why_progressive
from hookline.pacing.forecast import Forecaster, Outlook
from hookline.pacing.losses import FreeAgents

#: Until so many calls have ended ringing, one call for each ready agent.
OUTCOMES_TO_LEARN_FROM = 20
#: Until so many have, and the curves have settled, no more calls ring than have ended and one for each ready agent.
OUTCOMES_TO_TRUST = 400


class Budget:
    """Turns what may still be abandoned into the risk that one more answer may bear.

    The room is limit x answered - abandoned, less a reserve. With no room the risk is a fraction of the ceiling; it
    grows with the room. A slow drift finds the level at which the room stays as wide as intended.

    Room that was saved before this pacer began (on other days, where the totals are a month's) counts up to the
    intended room only: it must not be spent all at once.
    """

    RESERVE = 1.0
    LOWEST, HIGHEST = 0.1, 3.0
    EXPONENT = 0.7
    #: The intended room: abandons at once, and seconds' worth of the team's allowance.
    ROOM_CALLS, ROOM_SECONDS = 2.0, 600.0
    DRIFT = 0.001
    DRIFT_BOUND = log(10)
    MOST = 0.5

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._drift = 0.0
        self._last: PacingSnapshot | None = None
        self._earned = 0.0
        self.room = 0.0

    def risk(self, now: PacingSnapshot, cycle_seconds: float) -> float:
        """The highest chance to find no agent that one more answer may have; an agent takes one in `cycle_seconds`."""
        intended = self.ROOM_CALLS + self.ROOM_SECONDS * self._limit * now.logged_in / cycle_seconds
        news = 0
        if self._last is None:
            self._earned = self._limit * now.answered - now.abandoned
            self._earned = min(self._earned, intended)
        else:
            news = max(0, now.answered - self._last.answered)
            self._earned += self._limit * news - max(0, now.abandoned - self._last.abandoned)
        self._last = now
        self.room = min(self._earned, self._limit * now.answered - now.abandoned) - self.RESERVE
        pull = max(-1.0, min(1.0, self.room / intended - 1))
        self._drift = max(-self.DRIFT_BOUND, min(self.DRIFT_BOUND, self._drift + self.DRIFT * news * pull))
        share = (self.room / intended) ** self.EXPONENT if self.room > 0 else 0.0
        return min(self.MOST, self._limit * exp(self._drift) * min(self.HIGHEST, self.LOWEST + share))


class PredictivePacer:
    """Learns the team's and the list's habits and dials ahead of them, under the ceiling."""

    name = "predictive"

    def __init__(self, abandon_limit: float) -> None:
        self._limit = abandon_limit
        self._budget = Budget(abandon_limit)
        self._forecaster = Forecaster()
        self._tightest = 0
        self.last_decision: PacingDecision | None = None

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """As many as the risk allows; one for each ready agent at the ceiling and while nothing is known."""
        self._forecaster.observe(snapshot)
        self.last_decision = self._decide(snapshot)
        return self.last_decision.calls

    def _decide(self, now: PacingSnapshot) -> PacingDecision:
        habits = self._forecaster
        risk = self._budget.risk(now, habits.talks.mean + (habits.wraps.mean if habits.wraps.count else 0.0))
        if now.idle <= 0 or now.logged_in <= 0 or (now.limit is not None and now.limit <= 0):
            return conclude(now, self.name, 0, Reason.NO_READY_AGENT)
        fall_back = why_progressive(now, self._limit)
        if fall_back is None and self._knows_too_little(now):
            fall_back = Reason.LEARNING
        if fall_back:
            return conclude(now, self.name, uncovered(now), fall_back, room=self._budget.room)
        return self._by_risk(now, risk)

    def _knows_too_little(self, now: PacingSnapshot) -> bool:
        """Early outcomes mislead: the busy come first, who does not answer comes last."""
        known = self._forecaster.outcomes_known(now)
        return known < OUTCOMES_TO_LEARN_FROM or self._forecaster.watched(now) < now.ring_timeout

    def _by_risk(self, now: PacingSnapshot, risk: float) -> PacingDecision:
        outlook = self._forecaster.outlook(now)
        # One call for each ready agent takes no risk that the ceiling does not allow anyway.
        calls = max(self._bearable(now, outlook, risk), uncovered(now))
        return conclude(
            now,
            self.name,
            calls,
            Reason.RISK_ALLOWS if calls else Reason.RISK_HOLDS_BACK,
            risk=risk,
            room=self._budget.room,
            answer_chance=outlook.answer_chance,
            answers_expected=outlook.answers[-1],
            agents_free_soon=outlook.free[4],
            answer_level=self._forecaster.level.factor,
            uncertainty=outlook.level_spread**0.5,
        )

    def _most(self, now: PacingSnapshot) -> int:
        most = now.logged_in * 3 + 5
        known = self._forecaster.outcomes_known(now)
        if known < OUTCOMES_TO_TRUST or self._forecaster.settling(now):
            most = min(most, now.idle + known - len(now.ringing))
        return most if now.limit is None else min(now.limit, most)

    def _bearable(self, now: PacingSnapshot, outlook: Outlook, risk: float) -> int:
        """The greatest number of calls of which the last bears no more than the risk at any of the moments.

        The moment that was the tightest last time comes first: most often none of the others allows less.
        """
        free = FreeAgents(now.idle - len(now.queued), outlook.free, outlook.free_variance)
        price, uncertain = risk * outlook.answer_chance, outlook.level_spread

        def bears(moment: int, calls: int) -> bool:
            fresh, others = outlook.fresh[moment], calls - 1
            mean = outlook.answers[moment] + others * fresh
            variance = outlook.answers_variance[moment] + others * fresh * (1 - fresh) + uncertain * mean * mean
            return fresh * free.chance_of_none(moment, mean, variance) <= price

        calls, count = self._most(now), len(outlook.moments)
        first = self._tightest % count
        for moment in (*range(first, count), *range(first)):
            if calls <= 0:
                break
            if outlook.fresh[moment] <= price or (moment != first and bears(moment, calls)):
                continue
            calls = _last_bearable(partial(bears, moment), calls)
            self._tightest = moment
        return max(0, calls)


def _last_bearable(bears: Callable[[int], bool], most: int) -> int:
    """The greatest number up to `most` that is borne; each is harder to bear than the one before."""
    low, step = 0, 1
    while low + step <= most and bears(low + step):
        low += step
        step *= 2
    while step > 1:
        step //= 2
        if low + step <= most and bears(low + step):
            low += step
    return low
