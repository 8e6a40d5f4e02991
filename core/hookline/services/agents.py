"""Agents' shifts: station, ready, pause, log out, and being gone."""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, Call, Campaign, CampaignAgent, CampaignContact, Leg, Station, User
from hookline.domain.access import Actor
from hookline.domain.agents import AgentEvent, AgentState, IllegalAgentMove, next_state
from hookline.domain.campaigns import CampaignState
from hookline.domain.events import DeskMoved
from hookline.errors import Conflict, InvalidInput, NotConfigured, NotFound
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import (
    ConnectStation,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    StationBack,
    StationKind,
    StationLost,
    TelephonyError,
)
from hookline.services import outcomes
from hookline.services.agent_moves import move, move_if_allowed, set_station
from hookline.services.calls import CallService
from hookline.services.party_gate import PartyAsk, PartyGate, PartyRefused
from hookline.services.station_choice import Choice, choose, stations_of, take
from hookline.text import N_

log = structlog.get_logger(__name__)
STATION_RING_SECONDS = 45
_BUSY = (AgentState.RINGING, AgentState.ON_CALL)


class DeskElsewhere(Conflict):
    """The agent's desk is used in another window."""

    id = "desk-elsewhere"


class AgentService:
    """Moves agents through their day."""

    def __init__(self, db: Database, hooks: Hooks, calls: CallService, gate: PartyGate) -> None:
        self._db = db
        self._hooks = hooks
        self._calls = calls
        self._gate = gate

    def stations_for(self, actor: Actor) -> list[Station]:
        """Stations the actor may pick: his own and those that are nobody's."""
        with self._db.read() as session:
            return stations_of(session, actor)

    def campaigns_for(self, actor: Actor) -> list[Campaign]:
        """Campaigns the actor is assigned to, running ones first."""
        with self._db.read() as session:
            return list(
                session.scalars(
                    select(Campaign)
                    .join(CampaignAgent, CampaignAgent.campaign_id == Campaign.id)
                    .where(CampaignAgent.user_id == actor.user_id, Campaign.state != CampaignState.ENDED)
                    .order_by((Campaign.state == CampaignState.RUNNING).desc(), Campaign.name)
                )
            )

    def start_work(self, actor: Actor, station_id: int | None, campaign_id: int | None = None) -> None:
        """Take a station (None: the agent's browser) and ring it; once it is answered the agent is ready."""
        campaigns = {c.id: c for c in self.campaigns_for(actor)}
        if not campaigns:
            raise NotConfigured(N_("You are not assigned to any campaign."), N_("Ask your supervisor."))
        if campaign_id is not None and campaign_id not in campaigns:
            raise NotFound(N_("There is no such campaign."))
        campaign = campaigns[campaign_id or next(iter(campaigns))]
        backend = self._calls.backend(campaign.backend)
        with self._db.read() as session:
            choice = choose(session, actor, station_id, backend)
        with self._db.write() as unit:
            command = self._take_station(unit, actor, choice, backend.name, campaign_id, campaign.client_id)
        if command is None:
            return
        try:
            if choice.kind is StationKind.NUMBER:
                self._gate.connect(PartyAsk("station", campaign.id, None, actor.user_id or 0), command, backend)
            else:
                backend.connect_station(command)
        except (TelephonyError, NotConfigured, PartyRefused) as error:
            self._station_failed(command.leg_id, error.message_id)
            raise

    def _take_station(
        self, unit: UnitOfWork, actor: Actor, choice: Choice, backend: str, campaign_id: int | None, client_id: int
    ) -> ConnectStation | None:
        now = unit.clock.now()
        # Two agents who pick one station at the same moment, or one who begins his first shift twice, take turns.
        unit.hold(User, actor.user_id)
        agent = unit.session.get(AgentSession, actor.user_id or 0)
        if agent is None:
            agent = AgentSession(
                user_id=actor.user_id or 0, state=AgentState.OFFLINE, state_since_at=now, last_seen_at=now
            )
            unit.session.add(agent)
        elif AgentState(agent.state) not in (AgentState.OFFLINE, AgentState.PAUSED):
            raise IllegalAgentMove(AgentState(agent.state), AgentEvent.GO_READY)
        take(unit, choice, actor)
        agent.campaign_id, agent.last_seen_at, agent.wish = campaign_id, now, ""
        if agent.station_state != "gone" and choice.is_of(agent) and agent.backend == backend:
            if agent.station_state == "connected":
                _refuse_undisposed(agent)
                move(unit, agent, AgentEvent.GO_READY)
            return None
        if agent.station_leg_id is not None and agent.station_state != "gone":
            raise Conflict(N_("Your present station is still connected."), N_("End your shift, then choose another."))
        agent.station_kind, agent.station_id, agent.backend = choice.kind, choice.station_id, backend
        agent.conversation_id = agent.conversation_id or uuid.uuid4().hex
        agent.station_leg_id, agent.phone_page = uuid.uuid4().hex, ""
        set_station(unit, agent, "connecting")
        unit.session.add(Leg(id=agent.station_leg_id, agent_id=agent.user_id, kind="agent", started_at=now))
        return ConnectStation(
            conversation_id=agent.conversation_id,
            leg_id=agent.station_leg_id,
            address=choice.address,
            caller_id="hookline",
            ring_timeout_seconds=STATION_RING_SECONDS,
            station=choice.kind,
            client_id=client_id,
        )

    def on_agent_leg(self, event: LegEvent) -> int | None:
        """Apply an event of an agent's leg; his id when he is ready for a contact."""
        match event:
            case LegAnswered():
                return self._station_answered(event)
            case StationLost() | StationBack():
                return self._station_moved(event, "lost" if isinstance(event, StationLost) else "connected")
            case LegEnded():
                self._station_ended(event)
        return None

    def _station_answered(self, event: LegAnswered) -> int | None:
        with self._db.write() as unit:
            unit.session.get_one(Leg, event.leg_id).answered_at = event.at
            agent = _by_station_leg(unit.session, event.leg_id)
            if agent is None:
                return None
            set_station(unit, agent, "connected")
            if agent.call_id is None:  # else his last call waits for its disposition
                move_if_allowed(unit, agent, AgentEvent.GO_READY)
            return agent.user_id if agent.state == AgentState.READY else None

    def _station_moved(self, event: LegEvent, state: str) -> int | None:
        """The agent's browser is away, or back: his state stays, but nobody new is given to one who cannot talk."""
        with self._db.write() as unit:
            agent = _by_station_leg(unit.session, event.leg_id)
            if agent is None or agent.station_state == "gone":
                return None
            set_station(unit, agent, state)
        self._calls.entertain(agent.call_id, on=state == "lost")
        return agent.user_id if agent.state == AgentState.READY and state == "connected" else None

    def _station_ended(self, event: LegEnded) -> None:
        call: Call | None = None
        with self._db.write() as unit:
            leg = unit.session.get_one(Leg, event.leg_id)
            leg.ended_at, leg.cause = event.at, event.cause.value
            agent = _by_station_leg(unit.session, event.leg_id)
            if agent is None:
                return
            agent.station_leg_id = None
            ours = event.cause in (HangupCause.LOCAL, HangupCause.CANCELLED)
            set_station(unit, agent, "gone", "" if ours else event.cause.value)
            if AgentState(agent.state) is AgentState.RESERVED:
                _drop_record(unit, agent)
            if agent.state != AgentState.OFFLINE:
                move_if_allowed(unit, agent, AgentEvent.STATION_LOST, "station_lost")
            if AgentState(agent.state) in _BUSY and agent.call_id:
                call = unit.session.get(Call, agent.call_id)
        if call is not None:
            self._end_customer_leg(call)

    def _end_customer_leg(self, call: Call) -> None:
        try:
            self._calls.backend(call.backend).hang_up(call.customer_leg_id)
        except TelephonyError as error:
            log.info("customer leg was already gone", call_id=call.id, error=error.id)

    def _station_failed(self, leg_id: str, note: str) -> None:
        with self._db.write() as unit:
            agent = _by_station_leg(unit.session, leg_id)
            if agent is not None:
                agent.station_leg_id = None
                set_station(unit, agent, "gone", note)

    def go_ready(self, actor: Actor) -> None:
        """Be available for the next contact; the station must be connected."""
        with self._db.write() as unit:
            agent = session_of(unit.session, actor)
            if agent.wish:
                agent.wish = ""
                return
            if agent.station_state != "connected":
                raise Conflict(N_("Your station is not connected."), N_("Choose your station and start work."))
            _refuse_undisposed(agent)
            move(unit, agent, AgentEvent.GO_READY)

    def pause(self, actor: Actor, reason: str) -> None:
        """Pause with a reason, at once or, in a call or its wrap-up, when that is done."""
        if not reason.strip():
            raise InvalidInput(N_("Say why you pause."), fields={"reason": ["Choose a reason."]})
        with self._db.write() as unit:
            agent = session_of(unit.session, actor)
            if AgentState(agent.state) in (*_BUSY, AgentState.WRAP_UP):
                agent.wish = f"pause:{reason.strip()}"
                return
            if agent.state == AgentState.OFFLINE:
                raise IllegalAgentMove(AgentState.OFFLINE, AgentEvent.PAUSE)
            _drop_record(unit, agent)
            move(unit, agent, AgentEvent.PAUSE, reason.strip())

    def log_out(self, user_id: int) -> None:
        """End the shift: records go back, the station is hung up. Refused during a call."""
        with self._db.write() as unit:
            agent = unit.session.get(AgentSession, user_id)
            if agent is None or (agent.state == AgentState.OFFLINE and agent.station_state == "gone"):
                return
            next_state(AgentState(agent.state), AgentEvent.LOG_OUT)
            _leave_call_undisposed(unit, agent)
            _drop_record(unit, agent)
            conversation, backend_name = agent.conversation_id, agent.backend
            agent.conversation_id, agent.notice, agent.wish = None, "", ""
            # Let go of the leg now, not when its end is told: a shift begun at once gets a leg of its own.
            agent.station_leg_id = None
            set_station(unit, agent, "gone")
            move(unit, agent, AgentEvent.LOG_OUT)
        backend = self._hooks.backends().get(backend_name)
        if conversation and backend is not None:
            backend.close_conversation(conversation)

    def heartbeat(self, user_id: int, page: str = "", *, take: bool = False) -> None:
        """The agent's browser is there. A `page` that takes the desk acts from now on, any other one only reads."""
        with self._db.write() as unit:
            agent = unit.session.get(AgentSession, user_id)
            if agent is None:
                return
            agent.last_seen_at = unit.clock.now()
            if page and agent.desk_page != page and (take or not agent.desk_page):
                agent.desk_page = page
                unit.emit(DeskMoved(agent_id=user_id))

    def refuse_other_page(self, user_id: int, page: str) -> None:
        """Raise DeskElsewhere where the desk is used in another window than this page."""
        with self._db.read() as session:
            agent = session.get(AgentSession, user_id)
        if agent is not None and agent.desk_page not in ("", page):
            raise DeskElsewhere(N_("You use the desktop in another window."), N_("Go on there, or take it over here."))

    def end_silent_sessions(self, grace_seconds: int) -> list[int]:
        """Set agents offline whose browser has been gone longer than the grace time, or who were deactivated.

        One who is in a call is to pause after it, so that a dialler does not go on calling for nobody.
        """
        limit = self._db.clock.now() - timedelta(seconds=grace_seconds)
        inactive = AgentSession.user_id.in_(select(User.id).where(~User.active))
        absent = or_(AgentSession.last_seen_at < limit, inactive)
        with self._db.read() as session:
            rows = session.execute(
                select(AgentSession.user_id, AgentSession.state).where(absent, AgentSession.state != AgentState.OFFLINE)
            ).all()
        for user_id, _ in (row for row in rows if row.state in _BUSY):
            self._pause_after_call(user_id)
        gone = [user_id for user_id, state in rows if state not in _BUSY]
        for user_id in gone:
            log.info("agent set offline: browser gone", agent_id=user_id)
            try:
                self.log_out(user_id)
            except IllegalAgentMove:
                log.info("agent came into a call meanwhile", agent_id=user_id)
        return gone

    def deactivated_in_calls(self) -> list[int]:
        """Agents who talk to a customer though their account was deactivated."""
        with self._db.read() as session:
            return list(
                session.scalars(
                    select(AgentSession.user_id)
                    .join(User, User.id == AgentSession.user_id)
                    .where(~User.active, AgentSession.state.in_(_BUSY))
                )
            )

    def _pause_after_call(self, user_id: int) -> None:
        with self._db.write() as unit:
            agent = unit.session.get_one(AgentSession, user_id)
            if agent.state in _BUSY and not agent.wish:
                agent.wish = "pause:browser_gone"

    def expire_wrap_ups(self) -> list[int]:
        """Pause agents whose wrap-up took longer than the campaign allows; the call still waits for its disposition."""
        with self._db.write() as unit:
            now = unit.clock.now()
            late = []
            for agent in unit.session.scalars(select(AgentSession).where(AgentSession.state == AgentState.WRAP_UP)):
                call = unit.session.get(Call, agent.call_id or 0)
                campaign = unit.session.get_one(Campaign, call.campaign_id) if call else None
                if campaign and now - agent.state_since_at >= timedelta(seconds=campaign.wrap_up_seconds):
                    move(unit, agent, AgentEvent.WRAP_UP_EXPIRED, "wrap_up_expired")
                    late.append(agent.user_id)
            return late

    def counts(self) -> dict[str, int]:
        """How many agents are in each state."""
        with self._db.read() as session:
            rows = session.execute(select(AgentSession.state, func.count()).group_by(AgentSession.state))
            return {state: count for state, count in rows}  # noqa: C416 - rows are typed as tuples only so


def session_of(session: Session, actor: Actor) -> AgentSession:
    """The actor's working session; raises Conflict where he has not started work."""
    agent = session.get(AgentSession, actor.user_id or 0)
    if agent is None:
        raise Conflict(N_("You have not started work."), N_("Choose your station and go ready."))
    return agent


def _by_station_leg(session: Session, leg_id: str) -> AgentSession | None:
    return session.scalar(select(AgentSession).where(AgentSession.station_leg_id == leg_id))


def _refuse_undisposed(agent: AgentSession) -> None:
    if agent.call_id is not None:
        raise Conflict(N_("Your last call waits for a disposition."), N_("Say what came of it first."))


def _drop_record(unit: UnitOfWork, agent: AgentSession) -> None:
    """Give a presented, undialled contact back to the campaign."""
    if agent.campaign_contact_id is not None and agent.call_id is None:
        outcomes.give_back(unit, unit.session.get_one(CampaignContact, agent.campaign_contact_id))
        agent.campaign_contact_id = None


def _leave_call_undisposed(unit: UnitOfWork, agent: AgentSession) -> None:
    """The agent goes without saying what came of his call: the contact is due again, nothing is invented."""
    if agent.call_id is None:
        return
    call = unit.session.get_one(Call, agent.call_id)
    record = unit.session.get_one(CampaignContact, call.campaign_contact_id)
    outcomes.after_skip(unit, record, [(N_("The agent left without saying what came of the call."), {})])
    agent.call_id, agent.campaign_contact_id = None, None
