"""What the pacer is told: agents and calls of one campaign at one moment, and what happened since the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from hookline.db.functions import count_where, seconds_between
from hookline.db.models import AgentSession, AgentStateChange, Call, Campaign, CampaignAgent, User
from hookline.domain.agents import AgentState
from hookline.domain.calls import CallState
from hookline.domain.campaigns import AbandonRule
from hookline.pacing import PacingSnapshot
from hookline.services.dialler.waiting import GRACE_SECONDS
from hookline.services.policies import local_midnight

#: States in which an agent is at work.
WORKING = (AgentState.READY, AgentState.RESERVED, AgentState.RINGING, AgentState.ON_CALL, AgentState.WRAP_UP)
#: A call that is older cannot have changed since the last tick.
_RECENT = timedelta(hours=3)
_THIRTY_DAYS = timedelta(days=30)


@dataclass(frozen=True)
class Totals:
    """Calls of the campaign over the time that its abandon rule names. `answered` are calls a person answered."""

    dialled: int = 0
    answered: int = 0
    connected: int = 0
    abandoned: int = 0

    @property
    def abandon_rate(self) -> float | None:
        """Abandoned per answered, 0 to 1."""
        return self.abandoned / self.answered if self.answered else None


@dataclass(frozen=True)
class Agents:
    """A campaign's agents, by what they do."""

    idle: tuple[int, ...]
    talking: tuple[float, ...]
    wrapping: tuple[float, ...]
    logged_in: int
    leaving: int


def totals(session: Session, campaign: Campaign, now: datetime, zone: str) -> Totals:
    """As they are now, counted from the raw times of the calls placed before it."""
    wait = seconds_between(func.coalesce(Call.settled_at, Call.answered_at), Call.agent_connected_at)
    person = Call.answered_at.is_not(None) & (Call.answerer != "machine")
    ended_alone = Call.ended_at.is_not(None) & Call.agent_connected_at.is_(None)
    row = session.execute(
        select(
            func.count(),
            count_where(person),
            count_where(Call.agent_connected_at.is_not(None)),
            count_where(person & (ended_alone | (wait > GRACE_SECONDS))),
        ).where(
            Call.campaign_id == campaign.id,
            Call.parent_id.is_(None),
            Call.direction == "outbound",
            Call.queued_at >= counted_since(campaign, now, zone),
            Call.queued_at <= now,
        )
    ).one()
    return Totals(*(int(count or 0) for count in row))


def counted_since(campaign: Campaign, now: datetime, zone: str) -> datetime:
    """From when on calls count for the campaign's abandon rule."""
    if campaign.abandon_rule == AbandonRule.DAY:
        return local_midnight(now, zone)
    return now - _THIRTY_DAYS


def agents_of(session: Session, campaign: Campaign, taken: set[int], now: datetime) -> Agents:
    """The campaign's agents; those in `taken` are meant for another campaign at this tick."""
    rows = session.execute(
        select(AgentSession, User.active)
        .join(User, User.id == AgentSession.user_id)
        .join(CampaignAgent, CampaignAgent.user_id == AgentSession.user_id)
        .where(
            CampaignAgent.campaign_id == campaign.id,
            or_(AgentSession.campaign_id.is_(None), AgentSession.campaign_id == campaign.id),
            AgentSession.backend == campaign.backend,
            AgentSession.station_state == "connected",
            AgentSession.state.in_([state.value for state in WORKING]),
        )
    ).all()
    mine = [(agent, active) for agent, active in rows if agent.user_id not in taken]
    staying = [agent for agent, active in mine if active and not agent.wish]
    return Agents(
        idle=tuple(agent.user_id for agent in staying if agent.state == AgentState.READY),
        talking=_elapsed(staying, now, AgentState.ON_CALL),
        wrapping=_elapsed(staying, now, AgentState.WRAP_UP),
        logged_in=len(mine),
        leaving=len(mine) - len(staying),
    )


def snapshot(
    session: Session, campaign: Campaign, agents: Agents, counted: Totals, since: datetime, now: datetime, limit: int
) -> PacingSnapshot:
    """The moment as the pacer takes it."""
    open_calls = session.scalars(
        select(Call).where(
            Call.campaign_id == campaign.id,
            Call.agent_id.is_(None),
            Call.direction == "outbound",
            Call.ended_at.is_(None),
            Call.queued_at >= now - _RECENT,
        )
    ).all()
    ringing = (CallState.QUEUED, CallState.DIALLING, CallState.RINGING)
    return PacingSnapshot(
        now=now.timestamp(),
        tick=(now - since).total_seconds(),
        logged_in=agents.logged_in,
        idle=len(agents.idle),
        talking=agents.talking,
        wrapping=agents.wrapping,
        ringing=tuple((now - c.queued_at).total_seconds() for c in open_calls if c.state in ringing),
        queued=tuple(
            (now - (c.settled_at or c.answered_at or now)).total_seconds()
            for c in open_calls
            if c.state == CallState.ANSWERED and c.answerer != "machine"
        ),
        dialled=counted.dialled,
        answered=counted.answered,
        connected=counted.connected,
        abandoned=counted.abandoned,
        logging_out=agents.leaving,
        events=tuple(sorted(_events(session, campaign, since, now), key=lambda event: event[1])),
        limit=limit,
        grace_seconds=GRACE_SECONDS,
        ring_timeout=float(campaign.ring_timeout_seconds),
    )


def _events(session: Session, campaign: Campaign, since: datetime, now: datetime) -> Iterator[tuple[str, float, float]]:
    def fresh(at: datetime | None) -> bool:
        return at is not None and since < at <= now

    calls = session.scalars(
        select(Call).where(
            Call.campaign_id == campaign.id,
            Call.direction == "outbound",
            Call.queued_at >= now - _RECENT,
            or_(Call.answered_at > since, Call.agent_connected_at > since, Call.ended_at > since),
        )
    )
    for call in calls:
        answered, connected, ended = call.answered_at, call.agent_connected_at, call.ended_at
        settled = call.settled_at or answered
        if answered is not None and fresh(answered) and call.answerer != "machine":
            yield "answer", answered.timestamp(), (answered - call.queued_at).total_seconds()
        if settled is not None and connected is not None and fresh(connected):
            yield "connect", connected.timestamp(), (connected - settled).total_seconds()
        if ended is None or not fresh(ended):
            continue
        if answered is None or settled is None:
            yield "fail", ended.timestamp(), (ended - call.queued_at).total_seconds()
        elif connected is not None:
            yield "talk_end", ended.timestamp(), (ended - connected).total_seconds()
        elif call.answerer != "machine":
            yield "abandon", ended.timestamp(), (ended - settled).total_seconds()
    yield from _agent_events(session, campaign, since, now)


def _agent_events(
    session: Session, campaign: Campaign, since: datetime, now: datetime
) -> Iterator[tuple[str, float, float]]:
    changes = session.scalars(
        select(AgentStateChange)
        .join(CampaignAgent, CampaignAgent.user_id == AgentStateChange.user_id)
        .where(CampaignAgent.campaign_id == campaign.id, AgentStateChange.at > since, AgentStateChange.at <= now)
        .order_by(AgentStateChange.id)
    ).all()
    for change in changes:
        before = session.scalars(
            select(AgentStateChange)
            .where(AgentStateChange.user_id == change.user_id, AgentStateChange.id < change.id)
            .order_by(AgentStateChange.id.desc())
            .limit(1)
        ).first()
        was, working = (before.state if before else AgentState.OFFLINE.value), [s.value for s in WORKING]
        if was == AgentState.WRAP_UP and before is not None:
            yield "wrap_end", change.at.timestamp(), (change.at - before.at).total_seconds()
        if was not in working and change.state in working:
            yield "login", change.at.timestamp(), 0.0
        elif was in working and change.state not in working:
            yield "logout", change.at.timestamp(), 0.0


def _elapsed(agents: list[AgentSession], now: datetime, state: AgentState) -> tuple[float, ...]:
    return tuple((now - a.state_since_at).total_seconds() for a in agents if a.state == state)
