"""People who answered and have no agent yet: connected to the first one who is free, or let go with a message.

A call is abandoned where nobody could be connected within two seconds of the answer, or, where the campaign listens
for answering machines, of the moment it was settled that a person answered (16 CFR 310.4(b)(4)(i)).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import AgentSession, Call, Campaign, CampaignContact
from hookline.domain.agents import AgentEvent
from hookline.domain.calls import CallState
from hookline.domain.campaigns import MachineAction
from hookline.ports.telephony import Answerer, Capability, TelephonyError
from hookline.services.agent_moves import move
from hookline.services.call_moves import hang_up_leg
from hookline.services.calls import CallService
from hookline.services.offers import longest_ready, ready_agents
from hookline.services.prompts import PromptKind

log = structlog.get_logger(__name__)

#: How long a person who answered may wait for an agent.
GRACE_SECONDS = 2.0
#: Backends settle who answered within two seconds; one that does not is not waited for longer.
_DETECTION_SECONDS = 2.5


class WaitingCustomers:
    """Brings customers whom the dialler reached and agents together."""

    def __init__(self, db: Database, calls: CallService) -> None:
        self._db = db
        self._calls = calls
        #: Whether anybody may be waiting: a former process may have left somebody.
        self._maybe = True

    def on_answered(self, call: Call) -> None:
        """The dialler's call was answered: connect it, unless it is to be heard first who answered."""
        self._maybe = True
        with self._db.read() as session:
            campaign = session.get_one(Campaign, call.campaign_id)
        if not self._listens(campaign):
            self.seat(call.id)

    def on_detected(self, call: Call) -> None:
        """It is settled who answered: a person gets an agent, a machine what the campaign has for it."""
        with self._db.read() as session:
            campaign = session.get_one(Campaign, call.campaign_id)
        if call.agent_id is not None or call.state != CallState.ANSWERED:
            return
        if call.answerer != Answerer.MACHINE or campaign.machine_action == MachineAction.CONNECT:
            self.seat(call.id)
        elif campaign.machine_action == MachineAction.LEAVE_MESSAGE:
            self._calls.say_and_hang_up(call, PromptKind.MACHINE)
        else:
            hang_up_leg(self._calls.backend(call.backend), call.customer_leg_id)

    def seat(self, call_id: int) -> bool:
        """Connect a waiting customer to the agent who has been ready longest; False where there is none."""
        with self._db.read() as session:
            call = session.get_one(Call, call_id)
            agent = longest_ready(session, call.campaign_id, call.backend)
        return agent is not None and self._seat(call_id, agent.user_id)

    def seat_agent(self, agent_id: int) -> bool:
        """Connect an agent who just became ready to whoever has waited longest; False where nobody waits for him."""
        if not self._maybe:
            return False
        with self._db.read() as session:
            waiting = [
                call.id
                for call in _waiting(session)
                if any(a.user_id == agent_id for a in ready_agents(session, call.campaign_id, call.backend))
                and not self._still_listening(session, call)
            ]
        return any(self._seat(call_id, agent_id) for call_id in waiting)

    def attend(self) -> int:
        """Let go of those who have waited too long, seat the others where an agent is free; how many were let go."""
        if not self._maybe:
            return 0
        now = self._db.clock.now()
        self._maybe = False  # before looking: who comes meanwhile sets it again
        with self._db.read() as session:
            there = _waiting(session)
            waiting = [call for call in there if not self._still_listening(session, call)]
        if there:
            self._maybe = True
        late = [c for c in waiting if (now - _waits_since(c)).total_seconds() > GRACE_SECONDS and not self.seat(c.id)]
        for call in waiting:
            if call not in late:
                self.seat(call.id)
        return sum(self._let_go(call) for call in late)

    def _seat(self, call_id: int, agent_id: int) -> bool:
        """Take the seat in one transaction, then connect. False where customer or agent were quicker."""
        with self._db.write() as unit:
            agent = unit.session.get_one(AgentSession, agent_id)
            call = unit.session.get_one(Call, call_id)
            taken = call.agent_id is not None or call.state != CallState.ANSWERED or _let_go_of(unit.session, call)
            if taken or agent.state != "ready" or agent.wish or agent.conversation_id is None:
                return False
            call.agent_id = agent_id
            agent.call_id, agent.campaign_contact_id, agent.notice = call.id, call.campaign_contact_id, ""
            move(unit, agent, AgentEvent.OFFER)
            record = unit.session.get_one(CampaignContact, call.campaign_contact_id)
            record.owner_id = agent_id
            conversation, leg = agent.conversation_id, agent.station_leg_id
        backend = self._calls.backend(call.backend)
        try:
            backend.join(conversation, call.customer_leg_id)
        except TelephonyError as error:
            log.warning("the customer could not be brought to the agent", call_id=call.id, error=error.id)
            hang_up_leg(backend, call.customer_leg_id)  # its end frees the agent
            return True
        with self._db.write() as unit:
            fresh = unit.session.get_one(Call, call_id)
            fresh.conversation_id = conversation
        self._calls.connect(fresh, leg)
        return True

    def _let_go(self, call: Call) -> bool:
        """Abandon the call: the customer hears why, and is for some time called only with an agent reserved."""
        with self._db.write() as unit:
            fresh = unit.session.get_one(Call, call.id)
            if fresh.agent_id is not None or fresh.state != CallState.ANSWERED or _let_go_of(unit.session, fresh):
                return False
            record = unit.session.get_one(CampaignContact, fresh.campaign_contact_id)
            campaign = unit.session.get_one(Campaign, fresh.campaign_id)
            record.agent_only_until = unit.clock.now() + timedelta(hours=max(campaign.abandon_care_hours, 1))
        log.info("a call is abandoned: no agent became free", call_id=call.id)
        self._calls.say_and_hang_up(fresh, PromptKind.ABANDONED)
        return True

    def _listens(self, campaign: Campaign) -> bool:
        able = Capability.DETECT_ANSWERER in self._calls.backend(campaign.backend).capabilities
        return able and campaign.machine_action != MachineAction.IGNORE

    def _still_listening(self, session: Session, call: Call) -> bool:
        if call.answerer or not self._listens(session.get_one(Campaign, call.campaign_id)):
            return call.answerer == Answerer.MACHINE
        return (self._db.clock.now() - _waits_since(call)).total_seconds() < _DETECTION_SECONDS


def _waiting(session: Session) -> list[Call]:
    """Calls of the dialler's that were answered and have no agent, longest waiting first."""
    found = select(Call).where(
        Call.state == CallState.ANSWERED.value,
        Call.ended_at.is_(None),
        Call.agent_id.is_(None),
        Call.direction == "outbound",
        Call.parent_id.is_(None),
    )
    return [call for call in session.scalars(found.order_by(Call.answered_at)) if not _let_go_of(session, call)]


def _let_go_of(session: Session, call: Call) -> bool:
    """Whether the call was abandoned by us already; its message may still be playing."""
    until = session.scalar(
        select(CampaignContact.agent_only_until).where(CampaignContact.id == call.campaign_contact_id)
    )
    # A contact in care is dialled with an agent only, so a call without one was let go of after its answer.
    return until is not None and call.answered_at is not None and until > call.answered_at


def _waits_since(call: Call) -> datetime:
    """From when on he waits; a call that waits was answered."""
    since = call.settled_at or call.answered_at
    return since if since is not None else call.queued_at
