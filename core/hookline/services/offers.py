"""Calls that ring at an agent: a caller's, or a customer's whom a colleague hands on. He takes them or lets them ring.

His line is open all the time; so the server rings in his ear and on his screen, and connects when he takes the call.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, Call, Campaign, CampaignAgent, Leg, User
from hookline.domain.access import Actor
from hookline.domain.agents import AgentEvent, AgentState
from hookline.domain.calls import CallEvent, CallState, next_state
from hookline.domain.events import CallOffered
from hookline.errors import Conflict
from hookline.ports.telephony import TelephonyError
from hookline.services.agent_moves import move, move_if_allowed
from hookline.services.call_moves import HANDED_OVER, close_call, hang_up_leg, release_agent, whom
from hookline.services.calls import CallService
from hookline.services.returns import Returns
from hookline.services.sounds import Sounds
from hookline.text import N_

log = structlog.get_logger(__name__)

#: A call that rings at an agent rather than at a customer.
OFFERED: ColumnElement[bool] = or_(Call.direction == "inbound", Call.parent_id.is_not(None))


@dataclass(frozen=True)
class _Seat:
    conversation_id: str
    leg_id: str


class OfferService:
    """Lets calls ring at agents."""

    def __init__(self, db: Database, calls: CallService, sounds: Sounds, returns: Returns) -> None:
        self._db = db
        self._calls = calls
        self._sounds = sounds
        self._returns = returns

    # Ringing

    def ring_longest_ready(self, call_id: int) -> bool:
        """Let the call ring at the agent of its campaign who has been ready longest; False where there is none."""
        with self._db.write() as unit:
            call = unit.session.get_one(Call, call_id)
            if call.state == CallState.ENDED:
                return True
            agent = longest_ready(unit.session, call.campaign_id, call.backend)
            if agent is None:
                return False
            offer(unit, call, agent)
        self.ring(call)
        return True

    def ring(self, call: Call) -> None:
        """Let the agent to whom the call was just offered hear it ring."""
        with self._db.read() as session:
            agent = session.get_one(AgentSession, call.agent_id)
        if agent.station_leg_id is not None:
            self._sounds.ring(self._calls.backend(call.backend), agent.station_leg_id)

    # What the agent does

    def accept(self, actor: Actor) -> None:
        """Take the call that rings at the actor. Raises Conflict where none does (any more), TelephonyError."""
        with self._db.write() as unit:
            agent, call = _ringing_at(unit.session, actor.user_id)
            seat = _seat_of(agent)
            leg = unit.session.get_one(Leg, call.customer_leg_id)
            if leg.answered_at is None:
                call.conversation_id = seat.conversation_id
        backend = self._calls.backend(call.backend)
        self._sounds.quiet(backend, seat.leg_id)
        if leg.answered_at is None:
            backend.answer(call.customer_leg_id, seat.conversation_id)  # LegAnswered connects
        else:
            self.hand_over(call.id)

    def decline(self, actor: Actor) -> None:
        """Let the call go to somebody else; the actor is paused, since he does not take what comes."""
        with self._db.read() as session:
            _, call = _ringing_at(session, actor.user_id)
        self._missed(call.id, actor.user_id or 0, "declined")

    # What happens to a call that rings

    def expire(self) -> int:
        """Take calls away from agents who let them ring longer than the campaign allows; returns how many."""
        now = self._db.clock.now()
        with self._db.read() as session:
            ringing = session.execute(
                select(Call, Campaign.ring_timeout_seconds)
                .join(Campaign, Campaign.id == Call.campaign_id)
                .where(OFFERED, Call.state == CallState.RINGING, Call.agent_id.is_not(None))
            ).all()
        late = [
            call
            for call, seconds in ringing
            if call.ringing_at is not None and now - call.ringing_at >= timedelta(seconds=seconds)
        ]
        for call in late:
            self._missed(call.id, call.agent_id or 0, "call_missed")
        return len(late)

    def station_gone(self, leg_id: str) -> None:
        """An agent's station ended: a call that rings there goes to somebody else."""
        with self._db.read() as session:
            agent = session.scalar(
                select(AgentSession).where(
                    AgentSession.station_leg_id == leg_id, AgentSession.state == AgentState.RINGING
                )
            )
            call = session.get(Call, agent.call_id) if agent and agent.call_id else None
        if agent is not None and call is not None and (call.direction == "inbound" or call.parent_id is not None):
            self._missed(call.id, agent.user_id, "station_lost")

    def customer_gone(self, call_id: int | None) -> int | None:
        """The customer hung up: whatever rings for him stops; an agent's id who is ready again."""
        with self._db.write() as unit:
            child = unit.session.scalar(
                select(Call).where(Call.parent_id == call_id, Call.state != CallState.ENDED.value)
            )
            call = unit.session.get(Call, call_id or 0)
            agents = [found.agent_id for found in (child, call) if found is not None and found.agent_id is not None]
            if child is not None:
                close_call(unit, child, "normal")
            legs = [unit.session.get_one(AgentSession, agent_id).station_leg_id for agent_id in agents]
            free = None
            if child is not None:
                agent = unit.session.get(AgentSession, child.agent_id or 0)
                if agent is not None and agent.call_id == child.id:
                    free = release_agent(unit, agent, "missed:abandoned:")
        if call is not None:
            for leg_id in filter(None, legs):
                self._sounds.quiet(self._calls.backend(call.backend), leg_id)
        return free

    def _missed(self, call_id: int, agent_id: int, reason: str) -> None:
        with self._db.write() as unit:
            agent = unit.session.get_one(AgentSession, agent_id)
            call = unit.session.get_one(Call, call_id)
            if agent.call_id != call.id or call.state != CallState.RINGING:
                return
            if call.parent_id is None and call.conversation_id == agent.conversation_id:
                return  # he has just taken it
            agent.call_id, agent.campaign_contact_id, agent.notice = None, None, "missed:ringing:"
            leg_id = agent.station_leg_id
            move_if_allowed(unit, agent, AgentEvent.MISSED, reason)
            call.agent_id = None
            if call.parent_id is not None:
                close_call(unit, call, "local")
        backend = self._calls.backend(call.backend)
        if leg_id is not None:
            self._sounds.quiet(backend, leg_id)
        if call.parent_id is not None:
            self._returns.nobody_took(call.parent_id)
        else:
            self.ring_or_regret(call)

    def ring_or_regret(self, call: Call) -> None:
        """Let a caller ring at the next agent; where there is none he is answered with a message and hung up."""
        if self.ring_longest_ready(call.id):
            return
        backend = self._calls.backend(call.backend)
        try:
            backend.answer(call.customer_leg_id, call.conversation_id)  # LegAnswered brings the message
        except TelephonyError as error:
            log.info("the caller could not be answered", call_id=call.id, error=error.id)
            hang_up_leg(backend, call.customer_leg_id)

    # Handing over

    def hand_over(self, call_id: int) -> None:
        """Bring the customer of the former part into this one's agent's conversation, and connect the two.

        TelephonyError: the customer is gone, or the backend failed; he is then hung up.
        """
        with self._db.write() as unit:
            child = unit.session.get_one(Call, call_id)
            agent = unit.session.get_one(AgentSession, child.agent_id)
            parent = unit.session.get_one(Call, child.parent_id)
            seat = _seat_of(agent)
            if parent.state == CallState.ENDED:
                raise Conflict(N_("The customer has hung up."))
            leg = unit.session.get_one(Leg, child.customer_leg_id)
            close_call(unit, parent, HANDED_OVER)
            leg.call_id = child.id
            child.state = next_state(CallState(child.state), CallEvent.ANSWERED)
            child.answered_at, child.conversation_id = unit.clock.now(), seat.conversation_id
        backend = self._calls.backend(child.backend)
        self._sounds.quiet(backend, leg.id)
        try:
            backend.join(seat.conversation_id, leg.id)
        except TelephonyError:
            hang_up_leg(backend, leg.id)
            raise
        self._calls.connect(child, seat.leg_id)


def offer(unit: UnitOfWork, call: Call, agent: AgentSession) -> None:
    """In one transaction: the call rings at the agent."""
    call.agent_id, call.ringing_at = agent.user_id, unit.clock.now()
    call.state = next_state(CallState(call.state), CallEvent.RANG)
    agent.call_id, agent.campaign_contact_id, agent.notice = call.id, call.campaign_contact_id, ""
    move(unit, agent, AgentEvent.OFFER)
    unit.session.flush()
    unit.emit(CallOffered(**whom(call), direction=call.direction))


def next_part(unit: UnitOfWork, call: Call) -> Call:
    """A new part of a call, for another agent; its customer's leg is still in the former part."""
    same = ("client_id", "campaign_id", "campaign_contact_id", "contact_id", "direction", "number", "caller_id")
    also = ("backend", "conversation_id", "customer_leg_id", "line", "headers")
    part = Call(
        parent_id=call.id, queued_at=unit.clock.now(), state="queued", **{n: getattr(call, n) for n in (*same, *also)}
    )
    unit.session.add(part)
    unit.session.flush()
    return part


def ready_agents(session: Session, campaign_id: int, backend: str) -> list[AgentSession]:
    """Agents of a campaign who can be given a call now, longest ready first."""
    return list(
        session.scalars(
            select(AgentSession)
            .join(User, User.id == AgentSession.user_id)
            .join(CampaignAgent, CampaignAgent.user_id == AgentSession.user_id)
            .where(
                CampaignAgent.campaign_id == campaign_id,
                or_(AgentSession.campaign_id.is_(None), AgentSession.campaign_id == campaign_id),
                AgentSession.state == AgentState.READY.value,
                AgentSession.station_state == "connected",
                AgentSession.backend == backend,
                AgentSession.wish == "",
                User.active,
            )
            .order_by(AgentSession.state_since_at, AgentSession.user_id)
        )
    )


def longest_ready(session: Session, campaign_id: int, backend: str, but: Collection[int] = ()) -> AgentSession | None:
    """The agent of a campaign who has been ready longest."""
    return next((a for a in ready_agents(session, campaign_id, backend) if a.user_id not in but), None)


def _ringing_at(session: Session, user_id: int | None) -> tuple[AgentSession, Call]:
    agent = session.get(AgentSession, user_id or 0)
    call = session.get(Call, agent.call_id) if agent and agent.call_id else None
    offered = call is not None and (call.direction == "inbound" or call.parent_id is not None)
    if agent is None or call is None or not offered or call.state != CallState.RINGING:
        raise Conflict(N_("No call rings at you."), N_("The caller may have hung up a moment ago."))
    return agent, call


def _seat_of(agent: AgentSession) -> _Seat:
    if agent.conversation_id is None or agent.station_leg_id is None:
        raise Conflict(N_("Your station is not connected."), N_("Connect your station first."))
    return _Seat(agent.conversation_id, agent.station_leg_id)
