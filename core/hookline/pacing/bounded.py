"""A pacer of a plugin's, held to what holds for every pacer."""

from __future__ import annotations

from dataclasses import replace

from hookline.pacing.decision import Pacer, PacingDecision, PacingSnapshot, Reason, conclude, uncovered
from hookline.pacing.fixed import why_progressive


class BoundedPacer:
    """Asks the plugin's pacer, and lets no answer break the bounds: whoever wrote it, the law is the same.

    No ready agent, no call; never more than the limit; one call for each ready agent while the ceiling is reached. What
    the plugin's pacer says about its decision is kept where it was followed.
    """

    def __init__(self, name: str, own: Pacer, abandon_limit: float) -> None:
        self.name = name
        self._own = own
        self._limit = abandon_limit
        self.last_decision: PacingDecision | None = None

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """As many as the plugin's pacer wants, within the bounds. Raises what it raises."""
        wanted = int(self._own.calls_to_place(snapshot))
        said = self._own.last_decision
        if (fall_back := why_progressive(snapshot, self._limit)) and wanted > uncovered(snapshot):
            decision = conclude(snapshot, self.name, uncovered(snapshot), fall_back)
        else:
            decision = conclude(snapshot, self.name, wanted, said.reason if said else Reason.PLUGIN)
            decision = replace(decision, numbers={**(said.numbers if said else {}), **decision.numbers})
        self.last_decision = decision
        return decision.calls
