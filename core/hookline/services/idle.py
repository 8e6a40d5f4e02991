"""Why a ready agent has no contact: a dialler that does nothing must say why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import AgentSession, Campaign, CampaignAgent, CampaignContact
from hookline.domain.campaigns import OVER, CampaignState, RecordState
from hookline.services.calling_windows import window_of


class IdleReason(StrEnum):
    """Why a campaign gives nobody to call at this moment."""

    NOT_RUNNING = "not_running"
    OTHER_BACKEND = "other_backend"
    NO_CONTACTS = "no_contacts"
    ALL_DONE = "all_done"
    WINDOW_CLOSED = "window_closed"
    NONE_DUE = "none_due"
    COMING = "coming"  # something is due: it is presented within seconds


@dataclass(frozen=True)
class Idle:
    """One campaign's answer. `until_at` is when it changes, where that is known."""

    campaign: str
    reason: IdleReason
    waiting: int = 0
    until_at: datetime | None = None


def why_idle(db: Database, agent: AgentSession) -> list[Idle]:
    """An answer for each campaign the agent works on."""
    with db.read() as session:
        campaigns = session.scalars(
            select(Campaign)
            .join(CampaignAgent, CampaignAgent.campaign_id == Campaign.id)
            .where(CampaignAgent.user_id == agent.user_id, Campaign.state.not_in(OVER))
            .order_by(Campaign.name)
        ).all()
        mine = [c for c in campaigns if agent.campaign_id in (None, c.id)]
        return [_reason(session, campaign, agent, db.clock.now()) for campaign in mine]


def _reason(session: Session, campaign: Campaign, agent: AgentSession, now: datetime) -> Idle:
    if campaign.state != CampaignState.RUNNING:
        return Idle(campaign.name, IdleReason.NOT_RUNNING)
    if campaign.backend != agent.backend:
        return Idle(campaign.name, IdleReason.OTHER_BACKEND)
    waiting = (CampaignContact.campaign_id == campaign.id) & CampaignContact.state.in_(
        [RecordState.NEW, RecordState.DUE, RecordState.RETRY, RecordState.CALLBACK]
    )
    left = session.scalar(select(func.count()).select_from(CampaignContact).where(waiting)) or 0
    if not left:
        some = session.scalar(select(CampaignContact.id).where(CampaignContact.campaign_id == campaign.id).limit(1))
        return Idle(campaign.name, IdleReason.ALL_DONE if some else IdleReason.NO_CONTACTS)
    due = waiting & (CampaignContact.next_due_at.is_(None) | (CampaignContact.next_due_at <= now))
    zones = session.scalars(select(CampaignContact.time_zone).where(due).distinct()).all()
    if not zones:
        soonest = session.scalar(select(func.min(CampaignContact.next_due_at)).where(waiting))
        return Idle(campaign.name, IdleReason.NONE_DUE, left, soonest)
    window = window_of(campaign)
    if any(window.is_open(now, zone) for zone in zones):
        return Idle(campaign.name, IdleReason.COMING, left)
    openings = [o for zone in zones if (o := window.next_opening(now, zone))]
    return Idle(campaign.name, IdleReason.WINDOW_CLOSED, left, min(openings, default=None))
