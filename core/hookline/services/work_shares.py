"""Whose contacts an agent gets: the running campaigns he works in, by their priority and by his shares in them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.models import AgentSession, Campaign, CampaignAgent
from hookline.domain.campaigns import CampaignState, DialMode
from hookline.services.calling_windows import window_of
from hookline.services.claims import Kind, Source

#: What an agent is given one by one in each mode; the dialler calls the rest for all of them.
_GIVEN = {
    DialMode.PREVIEW.value: Kind.ALL,
    DialMode.PROGRESSIVE.value: Kind.ALL,
    DialMode.POWER.value: Kind.WITH_AGENT,
    DialMode.PREDICTIVE.value: Kind.WITH_AGENT,
}
_draw = random.SystemRandom()


def work_sources(session: Session, agent: AgentSession) -> list[Source]:
    """What the agent's next contact may come from, in the order in which it is to be looked for.

    Campaigns of higher priority first. Among equals he draws: a campaign in which his weight is 3 comes first three
    times as often as one in which it is 1, and where the first has nothing due the next has its turn.
    """
    rows = session.execute(
        select(Campaign, CampaignAgent.weight)
        .join(CampaignAgent, CampaignAgent.campaign_id == Campaign.id)
        .where(
            CampaignAgent.user_id == agent.user_id,
            Campaign.state == CampaignState.RUNNING.value,
            Campaign.backend == agent.backend,
            Campaign.direction == "outbound",
            Campaign.dial_mode.in_(_GIVEN),
        )
        .order_by(Campaign.priority.desc(), Campaign.id)
    )
    mine = [(campaign, weight) for campaign, weight in rows if agent.campaign_id in (None, campaign.id)]
    ordered: list[Campaign] = []
    for _priority, equals in groupby(mine, key=lambda pair: pair[0].priority):
        ordered += in_shares(list(equals))
    return [Source(c.id, window_of(c), rank, _GIVEN[c.dial_mode]) for rank, c in enumerate(ordered)]


def in_shares(weighed: Sequence[tuple[Campaign, int]], draw: random.Random = _draw) -> list[Campaign]:
    """Campaigns in a drawn order: each place goes to one of those left, by weight; weight 0 comes last."""
    left, ordered = list(weighed), []
    while left:
        weights = [max(weight, 0) for _, weight in left]
        chosen = draw.choices(range(len(left)), weights)[0] if any(weights) else 0
        ordered.append(left.pop(chosen)[0])
    return ordered
