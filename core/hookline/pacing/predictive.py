"""The predictive pacer: dial while one more call is unlikely enough to find no agent."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log

from hookline.pacing.decision import PacingDecision, PacingSnapshot, Reason, conclude, uncovered
from hookline.pacing.fixed import why_progressive
from hookline.pacing.forecast import Forecaster, Outlook
from hookline.pacing.losses import FreeAgents

#: Until so many calls have ended ringing, one call for each ready agent.
OUTCOMES_TO_LEARN_FROM = 20


class Budget:
    """Turns what may still be abandoned into the risk that one more call may bear.

    The room is limit x answered - abandoned, less a reserve. With no room the risk is a fraction of the ceiling; it
    grows with the room. A slow drift finds the level at which the room stays as wide as intended.
    """

    RESERVE = 1.0
    LOWEST, HIGHEST = 0.1, 1.5
    EXPONENT = 0.5
    #: The intended room: abandons at once, and seconds' worth of the team's allowance.
    ROOM_CALLS, ROOM_SECONDS = 1.0, 600.0
    CYCLE_SECONDS = 150.0
    DRIFT = 0.001
    DRIFT_BOUND = log(3)

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._drift = 0.0
        self._answered: int | None = None
        self.room = 0.0

    def risk(self, now: PacingSnapshot) -> float:
        """The most expected abandons that one more live answer may bring."""
        intended = self.ROOM_CALLS + self.ROOM_SECONDS * self._limit * now.logged_in / self.CYCLE_SECONDS
        self.room = self._limit * now.answered - now.abandoned - self.RESERVE
        news = 0 if self._answered is None else max(0, now.answered - self._answered)
        self._answered = now.answered
        pull = max(-1.0, min(1.0, self.room / intended - 1))
        self._drift = max(-self.DRIFT_BOUND, min(self.DRIFT_BOUND, self._drift + self.DRIFT * news * pull))
        share = (self.room / intended) ** self.EXPONENT if self.room > 0 else 0.0
        return self._limit * exp(self._drift) * min(self.HIGHEST, self.LOWEST + share)


class PredictivePacer:
    """Learns the team's and the list's habits and dials ahead of them, under the ceiling."""

    name = "predictive"

    def __init__(self, abandon_limit: float) -> None:
        self._limit = abandon_limit
        self._budget = Budget(abandon_limit)
        self._forecaster = Forecaster()
        self.last_decision: PacingDecision | None = None

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """As many as the risk allows; one for each ready agent at the ceiling and while nothing is known."""
        self._forecaster.observe(snapshot)
        self.last_decision = self._decide(snapshot)
        return self.last_decision.calls

    def _decide(self, now: PacingSnapshot) -> PacingDecision:
        risk = self._budget.risk(now)
        if now.idle <= 0 or now.logged_in <= 0 or now.limit == 0:
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
        losses = _losses(now, outlook)
        most = now.logged_in * 3 + 5 if now.limit is None else min(now.limit, now.logged_in * 3 + 5)
        wanted = _last_bearable(losses, risk * outlook.answer_chance, most)
        # One call for each ready agent takes no risk that the ceiling does not allow anyway.
        calls = max(wanted, uncovered(now))
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
            losses_expected=losses(calls),
            next_call_risk=(losses(calls + 1) - losses(calls)) / outlook.answer_chance,
        )


def _losses(now: PacingSnapshot, outlook: Outlook) -> Callable[[int], float]:
    """Expected abandons by number of calls placed now, each number worked out once."""
    free = FreeAgents(now.idle - len(now.queued), outlook.free, outlook.free_variance)
    spread = [p * (1 - p) for p in outlook.fresh]
    known: dict[int, float] = {}

    def losses(calls: int) -> float:
        if calls not in known:
            known[calls] = free.expected_losses(
                [m + calls * p for m, p in zip(outlook.answers, outlook.fresh, strict=True)],
                [v + calls * s for v, s in zip(outlook.answers_variance, spread, strict=True)],
            )
        return known[calls]

    return losses


def _last_bearable(losses: Callable[[int], float], price: float, most: int) -> int:
    """The greatest number up to `most` whose last call adds at most `price`; each adds more than the one before."""

    def bearable(calls: int) -> bool:
        return losses(calls) - losses(calls - 1) <= price

    low, step = 0, 1
    while low + step <= most and bearable(low + step):
        low += step
        step *= 2
    while step > 1:
        step //= 2
        if low + step <= most and bearable(low + step):
            low += step
    return low
