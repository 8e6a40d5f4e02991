"""A supervisor takes part in an agent's calls: listens, whispers, barges in. Everything is kept as proof.

The supervisor's leg sits in the agent's conversation and stays from call to call. Data of two clients never mix: during
a call of a client whom the supervisor does not serve he hears nothing, and afterwards again what he heard before.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, Call, Campaign, CampaignAgent, Leg, Supervision, SupervisionStep, User
from hookline.domain.access import Actor
from hookline.domain.events import CompanyChanged, SupervisionChanged
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.ports.telephony import (
    Capability,
    ConnectStation,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegKind,
    StationBack,
    StationKind,
    StationLost,
    SupervisionMode,
    TelephonyError,
)
from hookline.services.agents import STATION_RING_SECONDS
from hookline.services.calls import CallService
from hookline.services.identity import IdentityService
from hookline.services.party_gate import PartyAsk, PartyGate
from hookline.services.station_choice import Choice, choose
from hookline.services.supervision_notice import Notice, is_shown
from hookline.text import N_

log = structlog.get_logger(__name__)

SUPERVISE = "calls.supervise"
LONGEST_REASON = 200


@dataclass(frozen=True)
class SupervisionRules:
    """What the installation says: whether a reason must be given, and what agents are told."""

    reason_required: bool
    notice: Notice

    @classmethod
    def of(cls, reason: str, notice: str) -> SupervisionRules:
        """From the settings' words."""
        return cls(reason == "required", Notice(notice))


@dataclass(frozen=True)
class Watch:
    """A supervision that goes on, with the name of the agent. `deaf`: his call is not the supervisor's to hear."""

    supervision: Supervision
    agent_name: str
    deaf: bool = False


class SupervisionService:
    """Connects supervisors to agents' lines."""

    def __init__(
        self, db: Database, calls: CallService, gate: PartyGate, identity: IdentityService, rules: SupervisionRules
    ) -> None:
        self.rules = rules
        self._db = db
        self._calls = calls
        self._gate = gate
        self._identity = identity

    def current(self, actor: Actor) -> Watch | None:
        """Whose line the actor is on; None where he is on none."""
        with self._db.read() as session:
            found = _open_of(session, actor.user_id)
            if found is None:
                return None
            name = session.get_one(User, found.agent_id).display_name
            return Watch(found, name, _is_deaf(session, found))

    def start(
        self, actor: Actor, agent_id: int, mode: SupervisionMode, station_id: int | None, reason: str = ""
    ) -> int:
        """Ring the actor's station (None: his browser) into the agent's line; in this mode once he answers.

        Raises NotFound for an agent outside the actor's scope, InvalidInput without a `reason` where one is required,
        Conflict where the agent is not at work, the actor is on another line or the backend cannot, PartyRefused for
        his telephone's number, TelephonyError.
        """
        actor.require(SUPERVISE)
        reason = reason.strip()[:LONGEST_REASON]
        if self.rules.reason_required and not reason:
            raise InvalidInput(
                N_("Say why you listen."), N_("The reason is kept as proof."), {"reason": [N_("Say why.")]}
            )
        with self._db.read() as session:
            campaign, agent = self._agent(session, actor, agent_id)
            backend = self._calls.backend(agent.backend)
            if Capability.SUPERVISE not in backend.capabilities:
                raise Conflict(N_("The telephony of this agent's campaign cannot let anybody listen."))
            choice = choose(session, actor, station_id, backend)
        with self._db.write() as unit:
            row = _new(unit, actor, agent, mode, choice)
            row.reason = reason
        command = ConnectStation(
            conversation_id=row.conversation_id,
            leg_id=row.leg_id,
            address=choice.address,
            caller_id="hookline",
            ring_timeout_seconds=STATION_RING_SECONDS,
            station=choice.kind,
            kind=LegKind.SUPERVISOR,
            client_id=campaign.client_id,
        )
        try:
            if choice.kind is StationKind.NUMBER:
                ask = PartyAsk("station", campaign.id, None, actor.user_id or 0)
                self._gate.connect(ask, command, backend)
            else:
                backend.connect_station(command)
        except Exception:
            self._end(row.leg_id, HangupCause.FAILED.value)
            raise
        return row.id

    def set_mode(self, actor: Actor, mode: SupervisionMode) -> None:
        """Take part in another way, while the call runs. Raises Conflict where the actor is on nobody's line."""
        actor.require(SUPERVISE)
        with self._db.write() as unit:
            row = _open_of(unit.session, actor.user_id)
            if row is None:
                raise _nowhere()
            row.mode = mode.value
            call = _call_at(unit.session, row.agent_id)
            connected = row.connected_at is not None
            self._step(unit, row, mode, call.id if call else None)
        if connected:
            self._apply(row, call)

    def stop(self, actor: Actor) -> None:
        """Leave the line. Raises Conflict where the actor is on none."""
        with self._db.read() as session:
            row = _open_of(session, actor.user_id)
        if row is None:
            raise _nowhere()
        try:
            self._calls.backend(row.backend).hang_up(row.leg_id)
        except TelephonyError as error:
            log.info("the supervisor's leg was gone already", error=error.id)
            self._end(row.leg_id, HangupCause.LOST.value)

    def follow(self, call: Call) -> None:
        """A call is about to be connected at an agent: each supervisor on his line hears it, or hears nothing."""
        with self._db.read() as session:
            rows = session.scalars(
                select(Supervision).where(
                    Supervision.agent_id == (call.agent_id or 0),
                    Supervision.ended_at.is_(None),
                    Supervision.connected_at.is_not(None),
                )
            ).all()
        for row in rows:
            mode = self._apply(row, call)
            with self._db.write() as unit:
                self._step(unit, row, mode, call.id)

    def on_supervisor_leg(self, event: LegEvent) -> None:
        """Apply an event of a supervisor's leg."""
        match event:
            case LegAnswered():
                self._connected(event)
            case StationLost() | StationBack():
                self._moved(event, "lost" if isinstance(event, StationLost) else "connected")
            case LegEnded():
                self._end(event.leg_id, event.cause.value)

    def _connected(self, event: LegAnswered) -> None:
        with self._db.write() as unit:
            unit.session.get_one(Leg, event.leg_id).answered_at = event.at
            row = _by_leg(unit.session, event.leg_id)
            if row is None or row.ended_at is not None:
                return
            row.connected_at, row.state = event.at, "connected"
            call = _call_at(unit.session, row.agent_id)
            unit.emit(_changed(row))
        mode = self._apply(row, call)
        with self._db.write() as unit:
            self._step(unit, row, mode, call.id if call else None)

    def _moved(self, event: LegEvent, state: str) -> None:
        with self._db.write() as unit:
            row = _by_leg(unit.session, event.leg_id)
            if row is not None and row.ended_at is None:
                row.state = state
                unit.emit(_changed(row))

    def _end(self, leg_id: str, cause: str) -> None:
        with self._db.write() as unit:
            row = _by_leg(unit.session, leg_id)
            if row is None or row.ended_at is not None:
                return
            row.state, row.ended_at, row.cause = "ended", unit.clock.now(), cause
            leg = unit.session.get_one(Leg, leg_id)
            leg.ended_at, leg.cause = unit.clock.now(), cause
            unit.emit(_changed(row))
            self._tell_agent(unit, row)

    def _step(self, unit: UnitOfWork, row: Supervision, mode: SupervisionMode, call_id: int | None) -> None:
        unit.session.add(SupervisionStep(supervision_id=row.id, mode=mode.value, call_id=call_id, at=unit.clock.now()))
        unit.session.flush()
        unit.emit(_changed(row))
        self._tell_agent(unit, row)

    def _tell_agent(self, unit: UnitOfWork, row: Supervision) -> None:
        if is_shown(unit.session, row.id, self.rules.notice):
            unit.emit(CompanyChanged(agent_id=row.agent_id))

    def _apply(self, row: Supervision, call: Call | None) -> SupervisionMode:
        """Set the wished mode, or none in a call that is not the supervisor's to hear; the mode that was set."""
        mode = SupervisionMode(row.mode) if call is None or self._may_hear(row, call) else SupervisionMode.OFF
        try:
            self._calls.backend(row.backend).supervise(row.leg_id, mode)
        except TelephonyError as error:
            log.warning("a supervisor's mode could not be set", error=error.id)
            if mode is SupervisionMode.OFF:  # he must not hear this: rather nobody at all
                self._end(row.leg_id, HangupCause.FAILED.value)
                self._calls.backend(row.backend).hang_up(row.leg_id)
        return mode

    def _may_hear(self, row: Supervision, call: Call) -> bool:
        actor = self._identity.actor(self._identity.get_user(row.supervisor_id))
        return actor.can(SUPERVISE) and actor.scope.covers_campaign(call.client_id, call.campaign_id)

    def _agent(self, session: Session, actor: Actor, agent_id: int) -> tuple[Campaign, AgentSession]:
        """The agent at work, and a campaign of his within the actor's scope."""
        campaigns = session.scalars(
            select(Campaign)
            .join(CampaignAgent, CampaignAgent.campaign_id == Campaign.id)
            .where(CampaignAgent.user_id == agent_id)
            .order_by(Campaign.id)
        )
        campaign = next((c for c in campaigns if actor.scope.covers_campaign(c.client_id, c.id)), None)
        agent = session.get(AgentSession, agent_id)
        if campaign is None or agent_id == actor.user_id:
            raise NotFound(N_("There is no such agent."))
        if agent is None or agent.conversation_id is None or agent.station_state not in ("connected", "lost"):
            raise Conflict(N_("This agent is not at work."), N_("Wait until his station is connected."))
        return campaign, agent


def _new(unit: UnitOfWork, actor: Actor, agent: AgentSession, mode: SupervisionMode, choice: Choice) -> Supervision:
    unit.hold(User, actor.user_id)  # of two clicks one counts
    if _open_of(unit.session, actor.user_id) is not None:
        raise Conflict(N_("You are on an agent's line already."), N_("Leave it first."))
    now = unit.clock.now()
    row = Supervision(
        supervisor_id=actor.user_id,
        agent_id=agent.user_id,
        backend=agent.backend,
        conversation_id=agent.conversation_id,
        leg_id=uuid.uuid4().hex,
        station_kind=choice.kind.value,
        mode=mode.value,
        started_at=now,
    )
    unit.session.add(row)
    unit.session.add(Leg(id=row.leg_id, agent_id=actor.user_id, kind="supervisor", started_at=now))
    unit.session.flush()
    unit.emit(_changed(row))
    return row


def _open_of(session: Session, user_id: int | None) -> Supervision | None:
    return session.scalar(
        select(Supervision).where(Supervision.supervisor_id == (user_id or 0), Supervision.ended_at.is_(None))
    )


def _by_leg(session: Session, leg_id: str) -> Supervision | None:
    return session.scalar(select(Supervision).where(Supervision.leg_id == leg_id))


def _call_at(session: Session, agent_id: int) -> Call | None:
    agent = session.get(AgentSession, agent_id)
    call = session.get(Call, agent.call_id) if agent and agent.call_id else None
    return None if call is None or call.state in ("passed", "ended") else call


def _is_deaf(session: Session, row: Supervision) -> bool:
    last = session.scalar(
        select(SupervisionStep.mode)
        .where(SupervisionStep.supervision_id == row.id)
        .order_by(SupervisionStep.id.desc())
        .limit(1)
    )
    return last == SupervisionMode.OFF and _call_at(session, row.agent_id) is not None


def _changed(row: Supervision) -> SupervisionChanged:
    return SupervisionChanged(agent_id=row.agent_id, supervisor_id=row.supervisor_id, state=row.state, mode=row.mode)


def _nowhere() -> Conflict:
    return Conflict(N_("You are on no agent's line."))
