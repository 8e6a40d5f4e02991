"""Reads the board from core's tables, within the watcher's scope: data of two clients never mix on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, exists, func, or_, select, true
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import (
    AgentSession,
    Call,
    Campaign,
    CampaignAgent,
    CampaignContact,
    Contact,
    Disposition,
    Station,
    Supervision,
    User,
)
from hookline.domain.access import Actor, Scope
from hookline.domain.agents import AgentState
from hookline.domain.campaigns import OVER, Category
from hookline.errors import NotFound
from hookline.text import N_
from hookline_monitoring.board import ORDER, AgentRow, Board, Figures
from hookline_monitoring.permissions import WATCH
from hookline_monitoring.settings import MonitoringSettings

_SEES_CONTACTS = "contacts.view"
_SUPERVISES = "calls.supervise"


@dataclass(frozen=True)
class _Work:
    """What an agent is on at this moment, as far as it may be known."""

    campaign: str = ""
    contact: str = ""
    elsewhere: bool = False
    talking_since: datetime | None = None
    on_hold: bool = False


class BoardService:
    """Asked anew at each change; holds nothing."""

    def __init__(self, db: Database, settings: MonitoringSettings) -> None:
        self._db = db
        self._settings = settings

    def board(self, actor: Actor, campaign_id: int | None = None, state: AgentState | None = None) -> Board:
        """The agents in the actor's scope, narrowed to those assigned to a campaign and those in a state.

        With a campaign, today's figures are that campaign's too. Raises NotFound for a campaign outside the scope.
        """
        actor.require(WATCH)
        with self._db.read() as session:
            campaigns = _campaigns(session, actor.scope)
            if campaign_id is not None and campaign_id not in campaigns:
                raise NotFound(N_("There is no such campaign."))
            people = _people(session, _within(actor.scope), campaign_id)
            figures = _figures(session, [user.id for user, *_ in people], actor.scope, campaign_id, self._midnight())
            rows = [
                self._row(user, agent, station, _work(session, actor, agent), figures.get(user.id, Figures()))
                for user, agent, station in people
            ]
            if actor.can(_SUPERVISES):
                rows = _with_supervision(session, actor, rows)
        shown = [row for row in rows if state is None or row.state is state]
        shown.sort(key=lambda row: (ORDER.index(row.state), row.name.casefold()))
        running = {i: c for i, c in campaigns.items() if c.state not in OVER or i == campaign_id}
        return Board(tuple(shown), tuple((i, c.name) for i, c in running.items()))

    def _midnight(self) -> datetime:
        zone = ZoneInfo(self._settings.time_zone)
        return datetime.combine(self._db.clock.now().astimezone(zone).date(), time.min, zone)

    def _row(
        self, user: User, agent: AgentSession | None, station: str | None, work: _Work, figures: Figures
    ) -> AgentRow:
        state = AgentState(agent.state) if agent else AgentState.OFFLINE
        since = agent.state_since_at if agent else None
        return AgentRow(
            user_id=user.id,
            name=user.display_name,
            state=state,
            reason=agent.pause_reason if agent else "",
            since=since,
            late=since is not None and self._is_late(state, since),
            campaign=work.campaign,
            contact=work.contact,
            elsewhere=work.elsewhere,
            talking_since=work.talking_since,
            on_hold=work.on_hold,
            station=station or "",
            station_state=agent.station_state if agent else "gone",
            figures=figures,
        )

    def _is_late(self, state: AgentState, since: datetime) -> bool:
        limits = {
            AgentState.PAUSED: self._settings.long_pause_seconds,
            AgentState.WRAP_UP: self._settings.long_wrap_up_seconds,
        }
        limit = limits.get(state)
        return limit is not None and self._db.clock.now() - since >= timedelta(seconds=limit)


def _within(scope: Scope) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = true()
    if scope.clients is not None:
        condition &= Campaign.client_id.in_(scope.clients)
    if scope.campaigns is not None:
        condition &= Campaign.id.in_(scope.campaigns)
    return condition


def _campaigns(session: Session, scope: Scope) -> dict[int, Campaign]:
    query = select(Campaign).where(_within(scope)).order_by(Campaign.name)
    return {campaign.id: campaign for campaign in session.scalars(query)}


def _people(
    session: Session, within: ColumnElement[bool], campaign_id: int | None
) -> list[tuple[User, AgentSession | None, str | None]]:
    assigned = exists().where(
        CampaignAgent.user_id == User.id,
        CampaignAgent.campaign_id == Campaign.id,
        within,
        Campaign.id == campaign_id if campaign_id is not None else true(),
    )
    # Somebody deactivated in the middle of a call is still there until it ends.
    present = or_(User.active, AgentSession.state != AgentState.OFFLINE)
    query = (
        select(User, AgentSession, Station.name)
        .outerjoin(AgentSession, AgentSession.user_id == User.id)
        .outerjoin(Station, Station.id == AgentSession.station_id)
        .where(assigned, present)
    )
    return [(user, agent, station) for user, agent, station in session.execute(query)]


def _work(session: Session, actor: Actor, agent: AgentSession | None) -> _Work:
    if agent is None or agent.state == AgentState.OFFLINE:
        return _Work()
    call = session.get(Call, agent.call_id) if agent.call_id else None
    record = session.get(CampaignContact, agent.campaign_contact_id) if agent.campaign_contact_id else None
    campaign_id = call.campaign_id if call else record.campaign_id if record else agent.campaign_id
    campaign = session.get(Campaign, campaign_id) if campaign_id else None
    talking = call.agent_connected_at if call and call.ended_at is None else None
    on_hold = bool(call and call.ended_at is None and call.on_hold)
    if campaign is None:
        return _Work()
    if not actor.scope.covers_campaign(campaign.client_id, campaign.id):
        return _Work(elsewhere=True, talking_since=talking, on_hold=on_hold)
    contact_id = call.contact_id if call else record.contact_id if record else None
    contact = session.get(Contact, contact_id) if contact_id and actor.can(_SEES_CONTACTS) else None
    return _Work(campaign.name, contact.name if contact else "", False, talking, on_hold)


def _with_supervision(session: Session, actor: Actor, rows: list[AgentRow]) -> list[AgentRow]:
    """The same with who can be listened to, and to whom the actor listens."""
    query = select(Supervision.agent_id, Supervision.mode).where(
        Supervision.supervisor_id == actor.user_id, Supervision.ended_at.is_(None)
    )
    mine = {row.agent_id: row.mode for row in session.execute(query)}
    return [
        replace(
            row,
            joinable=row.station_state in ("connected", "lost") and row.user_id != actor.user_id,
            watched=mine.get(row.user_id, ""),
        )
        for row in rows
    ]


def _figures(
    session: Session, agents: list[int], scope: Scope, campaign_id: int | None, since: datetime
) -> Mapping[int, Figures]:
    query = (
        select(
            Call.agent_id,
            # The part of a call that a colleague took over is no call again, but a talk of whoever took it.
            func.sum(case((Call.parent_id.is_(None), 1), else_=0)),
            func.sum(case((Call.agent_connected_at.is_not(None), 1), else_=0)),
            func.sum(case((Disposition.category == Category.SUCCESS.value, 1), else_=0)),
        )
        .join(Campaign, Campaign.id == Call.campaign_id)
        .outerjoin(Disposition, Disposition.id == Call.disposition_id)
        .where(Call.agent_id.in_(agents), Call.queued_at >= since, _within(scope))
        .group_by(Call.agent_id)
    )
    if campaign_id is not None:
        query = query.where(Call.campaign_id == campaign_id)
    return {
        agent: Figures(calls, answered, successes)
        for agent, calls, answered, successes in session.execute(query)
        if agent is not None
    }
