"""Pacers that follow a fixed rule: manual, progressive, power."""

from __future__ import annotations

from hookline.pacing.decision import PacingDecision, PacingSnapshot, Reason, conclude, uncovered


class ManualPacer:
    """Places nothing: the agent dials."""

    name = "manual"

    def __init__(self) -> None:
        self.last_decision: PacingDecision | None = None

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """Always 0."""
        self.last_decision = conclude(snapshot, self.name, 0, Reason.MANUAL)
        return self.last_decision.calls


class RatioPacer:
    """A fixed number of calls for each ready agent: 1 is progressive, more is power.

    Power falls back to one call while `abandoned` has reached `abandon_limit` of `answered`; with a limit of 0 it never
    dials more than one.
    """

    def __init__(self, name: str, ratio: float, abandon_limit: float) -> None:
        self.name = name
        self._ratio = ratio
        self._limit = abandon_limit
        self.last_decision: PacingDecision | None = None

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """The ratio's worth of calls, less those that ring or wait already."""
        if self._ratio <= 1:
            decision = conclude(snapshot, self.name, uncovered(snapshot), Reason.ONE_PER_READY_AGENT)
        elif fall_back := why_progressive(snapshot, self._limit):
            decision = conclude(snapshot, self.name, uncovered(snapshot), fall_back)
        else:
            under_way = len(snapshot.ringing) + len(snapshot.queued)
            wanted = int(snapshot.idle * self._ratio) - under_way
            decision = conclude(snapshot, self.name, wanted, Reason.RATIO, ratio=self._ratio)
        self.last_decision = decision
        return decision.calls


def why_progressive(snapshot: PacingSnapshot, abandon_limit: float) -> Reason | None:
    """Why at most one call for each ready agent is allowed; None where more may be."""
    if abandon_limit <= 0:
        return Reason.ZERO_ABANDON
    if snapshot.abandoned and snapshot.abandoned >= abandon_limit * snapshot.answered:
        return Reason.AT_THE_CEILING
    return None
