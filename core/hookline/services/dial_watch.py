"""What time does to dialling: windows that close while a phone rings, previews that take too long, campaigns that
start and end by themselves, claims that nobody made use of."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import AgentSession, Call, Campaign, CampaignContact, Contact
from hookline.domain.access import Actor, Role, Scope
from hookline.domain.agents import AgentEvent, AgentState
from hookline.domain.calls import CallState
from hookline.domain.campaigns import CampaignState, DialMode
from hookline.errors import Conflict
from hookline.services import claims, outcomes
from hookline.services.agent_moves import move
from hookline.services.call_moves import hang_up_leg
from hookline.services.calling_windows import window_of
from hookline.services.calls import CallService
from hookline.services.campaigns import CampaignService
from hookline.services.phones import possible_zones
from hookline.text import N_

log = structlog.get_logger(__name__)

_UNANSWERED = (CallState.QUEUED.value, CallState.DIALLING.value, CallState.RINGING.value)


class DialWatch:
    """Jobs; each is safe to run at any time and twice."""

    def __init__(self, db: Database, calls: CallService, campaigns: CampaignService) -> None:
        self._db = db
        self._calls = calls
        self._campaigns = campaigns

    def end_ringing_too_late(self) -> int:
        """Hang up phones that ring where the calling window has closed meanwhile; how many."""
        now = self._db.clock.now()
        with self._db.read() as session:
            ringing = session.execute(
                select(Call, Campaign, Contact.time_zone)
                .join(Campaign, Campaign.id == Call.campaign_id)
                .join(Contact, Contact.id == Call.contact_id)
                .where(
                    Call.ended_at.is_(None),
                    Call.state.in_(_UNANSWERED),
                    Call.direction == "outbound",
                    Call.parent_id.is_(None),
                )
            ).all()
            late = [
                call
                for call, campaign, zone in ringing
                if not window_of(campaign).is_open(now, *possible_zones(call.number, zone))
            ]
        for call in late:
            log.info("the calling window closed while it rang", call_id=call.id)
            hang_up_leg(self._calls.backend(call.backend), call.customer_leg_id)
        return len(late)

    def expire_previews(self) -> list[int]:
        """Put contacts aside that agents looked at longer than their campaign allows; ids of the agents."""
        with self._db.write() as unit:
            now, late = unit.clock.now(), []
            for agent in unit.session.scalars(
                select(AgentSession).where(AgentSession.state == AgentState.RESERVED.value)
            ):
                record = unit.session.get(CampaignContact, agent.campaign_contact_id or 0)
                limit = _preview_limit(unit.session, record)
                if record is None or not limit or now - agent.state_since_at < timedelta(seconds=limit):
                    continue
                outcomes.after_skip(unit, record, [(N_("The time for looking at it was over."), {})])
                move(unit, agent, AgentEvent.RELEASE)
                agent.campaign_contact_id, agent.notice = None, "preview_over"
                late.append(agent.user_id)
            return late

    def give_back_claims(self) -> int:
        """Return claims that nobody made use of."""
        with self._db.write() as unit:
            return claims.give_back_expired(unit)

    def follow_schedule(self) -> int:
        """Start and end campaigns whose time has come; how many. One that lacks something stays as it is."""
        now = self._db.clock.now()
        with self._db.read() as session:
            begin = list(
                session.scalars(
                    select(Campaign.id).where(
                        Campaign.starts_at <= now,
                        Campaign.state.in_([CampaignState.DRAFT.value]),
                        (Campaign.ends_at.is_(None)) | (Campaign.ends_at > now),
                    )
                )
            )
            end = list(
                session.scalars(
                    select(Campaign.id).where(
                        Campaign.ends_at <= now,
                        Campaign.state.in_([CampaignState.RUNNING.value, CampaignState.PAUSED.value]),
                    )
                )
            )
        for campaign_id in end:
            self._campaigns.end(_SCHEDULE, campaign_id)
        return len(end) + sum(self._begin(campaign_id) for campaign_id in begin)

    def _begin(self, campaign_id: int) -> bool:
        try:
            self._campaigns.start(_SCHEDULE, campaign_id)
        except Conflict as error:
            log.warning("a campaign could not start at its time", campaign_id=campaign_id, error=error.id)
            return False
        return True


#: On whose behalf the schedule acts.
_SCHEDULE = Actor(None, "schedule", Role.ADMINISTRATOR, frozenset({"campaigns.manage"}), Scope.everything())


def _preview_limit(session: Session, record: CampaignContact | None) -> int:
    if record is None:
        return 0
    campaign = session.get_one(Campaign, record.campaign_id)
    return campaign.preview_seconds if campaign.dial_mode == DialMode.PREVIEW else 0
