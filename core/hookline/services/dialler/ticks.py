"""Reading the dialler's decisions: the latest with its reason, and the course of the last minutes for a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import Campaign, PacingTick
from hookline.domain.access import Scope
from hookline.domain.campaigns import CampaignState, DialMode
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.dialler.floor import Totals, totals
from hookline.services.figures import DAY_ZONE
from hookline.text import N_

#: Words of `PacingTick.why`, for people. A plugin's pacer may have words of its own, which are shown as they are.
REASONS: Mapping[str, str] = {
    "not-running": N_("The campaign is not running."),
    "not-paced": N_("Each agent is given contacts one by one: see the agents' desks for why one has none."),
    "no-agents": N_("No agent of this campaign is at work with his station connected."),
    "no-contacts": N_("No contact is due where it is calling time."),
    "not-yet": N_("The dialler has not decided anything yet."),
    "paused": N_("No more lines may be used now."),
    "no-ready-agent": N_("No agent is ready: nobody is dialled for people who cannot be talked to."),
    "one-per-ready-agent": N_("One call for each ready agent."),
    "ratio": N_("So many calls for each ready agent as the campaign says."),
    "at-the-ceiling": N_("The abandon ceiling is reached: one call for each ready agent until it is left behind."),
    "zero-abandon": N_("Nobody may be abandoned: one call for each ready agent."),
    "learning": N_("It is learning how people answer: one call for each ready agent until then."),
    "risk-allows": N_("The next person to answer will very probably find an agent."),
    "risk-holds-back": N_("One more call would be too likely to find no agent."),
    "plugin": N_("As its pacer's plugin decides."),
    "pacer-missing": N_("Its pacer's plugin is not active: one call for each ready agent until it is."),
    "limit": N_("As many calls as may be placed at once."),
}


@dataclass(frozen=True)
class DiallerView:
    """What a campaign's dialler does. `why` is a stable word, `reason` its message id. `ticks` are oldest first."""

    why: str
    reason: str
    latest: PacingTick | None
    ticks: Sequence[PacingTick]
    counted: Totals
    abandon_limit: float

    @property
    def paced(self) -> bool:
        """Whether the campaign is dialled for all of its agents at once."""
        return self.why != "not-paced"


class TickReads:
    """Answers why nobody, or somebody, is being dialled."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def view(self, scope: Scope, campaign_id: int, minutes: int = 10) -> DiallerView:
        """The campaign's dialler over the last minutes; raises NotFound outside the scope."""
        now = self._db.clock.now()
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
            ticks = session.scalars(
                select(PacingTick)
                .where(PacingTick.campaign_id == campaign_id, PacingTick.at >= now - timedelta(minutes=minutes))
                .order_by(PacingTick.at)
            ).all()
            counted = totals(session, campaign, now, DAY_ZONE)
        why = _why(campaign, ticks, now)
        return DiallerView(
            why,
            REASONS.get(why, why),
            ticks[-1] if ticks else None,
            ticks,
            counted,
            campaign.abandon_limit,
        )


def _why(campaign: Campaign, ticks: Sequence[PacingTick], now: datetime) -> str:
    if campaign.state != CampaignState.RUNNING:
        return "not-running"
    if campaign.dial_mode not in (DialMode.POWER, DialMode.PREDICTIVE):
        return "not-paced"
    if not ticks or now - ticks[-1].at > timedelta(seconds=15):
        return "not-yet"
    return str(ticks[-1].why)


def series(ticks: Sequence[PacingTick], names: Sequence[str]) -> dict[str, list[Any]]:
    """Columns for a chart: seconds before the last tick, and each named input."""
    if not ticks:
        return {"at": [], **{name: [] for name in names}}
    last = ticks[-1].at
    return {
        "at": [(tick.at - last).total_seconds() for tick in ticks],
        **{name: [tick.calls if name == "calls" else tick.inputs.get(name, 0) for tick in ticks] for name in names},
    }
