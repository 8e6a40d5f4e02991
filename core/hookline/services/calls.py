"""The call service: turns what happens to legs into calls, agents' states and records. The server owns the call.

Leg events come from a backend's thread into a queue; one engine thread takes them out, so that no hook and no
database work ever runs on a vendor's thread, and events of one call are handled in order.
"""

from __future__ import annotations

import uuid
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, Attempt, Call, Campaign, CampaignContact, Leg, Recording
from hookline.domain.access import Actor
from hookline.domain.agents import AgentEvent
from hookline.domain.calls import CallEvent, CallResult, CallState, may, next_state, result_of
from hookline.domain.campaigns import RecordState
from hookline.domain.events import CallAnswered, CallChanged, CallConnected, CallEnded, CallRang
from hookline.errors import Conflict, HooklineError, NotConfigured
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import (
    DtmfReceived,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegEvent,
    LegRinging,
    TelephonyBackend,
    TelephonyError,
)
from hookline.services import outcomes
from hookline.services.agent_moves import carry_on, move_if_allowed
from hookline.services.gate import Line
from hookline.text import N_

log = structlog.get_logger(__name__)


class CallService:
    """Follows calls and carries out what the agent does in one."""

    def __init__(self, db: Database, hooks: Hooks, recordings_dir: Path) -> None:
        self._db = db
        self._hooks = hooks
        self._recordings_dir = recordings_dir

    def backend(self, name: str) -> TelephonyBackend:
        """The backend of that name; raises NotConfigured where its plugin is not active."""
        found = self._hooks.backends().get(name)
        if found is None:
            raise NotConfigured(
                N_("The telephony backend %(name)s is not available."),
                N_("Enable its plugin, or choose another in the campaign."),
                params={"name": name},
            )
        return found

    # What happens to the customer's leg

    def on_customer_leg(self, event: LegEvent) -> int | None:
        """Apply an event of a customer's leg; the agent's id when he is free for the next contact."""
        match event:
            case LegRinging():
                self._rang(event)
            case LegAnswered():
                self._answered(event)
            case DtmfReceived():
                self._digit(event)
            case LegEnded():
                return self._ended(event)
        return None

    def _rang(self, event: LegEvent) -> None:
        with self._db.write() as unit:
            call = _call_of(unit.session, event.leg_id)
            if may(CallState(call.state), CallEvent.RANG):
                call.state, call.ringing_at = next_state(CallState(call.state), CallEvent.RANG), event.at
                unit.emit(CallRang(**_whom(call)))

    def _answered(self, event: LegEvent) -> None:
        with self._db.write() as unit:
            call = _call_of(unit.session, event.leg_id)
            over = call.state == CallState.ENDED
            if may(CallState(call.state), CallEvent.ANSWERED):
                call.state, call.answered_at = next_state(CallState(call.state), CallEvent.ANSWERED), event.at
                unit.session.get_one(Leg, event.leg_id).answered_at = event.at
                unit.emit(CallAnswered(**_whom(call)))
            elif call.state != CallState.ANSWERED and not over:
                return  # where it is, a collision kept us from connecting: the event is handled again
            agent = unit.session.get_one(AgentSession, call.agent_id)
            agent_leg = agent.station_leg_id
            campaign = unit.session.get_one(Campaign, call.campaign_id)
        if over:  # the backend failed at placing it, and then placed it after all: nobody is there to talk
            self._hang_up_leg(self.backend(call.backend), call.customer_leg_id)
            return
        self._connect(call, agent_leg, record=campaign.record_calls)

    def _connect(self, call: Call, agent_leg: str | None, *, record: bool) -> None:
        backend = self.backend(call.backend)
        try:
            if agent_leg is None:
                raise Conflict(N_("The agent's station is gone."))
            backend.bridge(call.conversation_id, agent_leg, call.customer_leg_id)
        except (TelephonyError, Conflict) as error:
            log.warning("could not connect the agent; hanging up", call_id=call.id, error=error.id)
            self._hang_up_leg(backend, call.customer_leg_id)
            return
        with self._db.write() as unit:
            fresh = _call_of(unit.session, call.customer_leg_id)
            if not may(CallState(fresh.state), CallEvent.AGENT_CONNECTED):
                return
            fresh.state = next_state(CallState(fresh.state), CallEvent.AGENT_CONNECTED)
            fresh.agent_connected_at = unit.clock.now()
            unit.emit(CallConnected(**_whom(fresh)))
            move_if_allowed(unit, unit.session.get_one(AgentSession, fresh.agent_id), AgentEvent.ANSWERED)
        if record:
            self._start_recording(fresh, backend)

    def _start_recording(self, call: Call, backend: TelephonyBackend) -> None:
        at = self._db.clock.now()
        relative = Path(f"{at:%Y}") / f"{at:%m}" / f"{at:%d}" / f"call-{call.id}-{uuid.uuid4().hex[:8]}.wav"
        path = self._recordings_dir / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        backend_id = uuid.uuid4().hex
        with self._db.write() as unit:
            unit.session.add(
                Recording(
                    backend_id=backend_id, call_id=call.id, client_id=call.client_id, path=str(relative), started_at=at
                )
            )
        try:
            backend.start_recording(call.conversation_id, call.customer_leg_id, backend_id, path)
        except TelephonyError as error:
            log.error("recording could not be started", call_id=call.id, error=error.id)
            with self._db.write() as unit:
                row = unit.session.scalars(select(Recording).where(Recording.backend_id == backend_id)).one()
                row.state = "failed"

    def _digit(self, event: DtmfReceived) -> None:
        with self._db.write() as unit:
            call = _call_of(unit.session, event.leg_id)
            call.dtmf = (call.dtmf + event.digit)[-64:]

    def _ended(self, event: LegEnded) -> int | None:
        with self._db.write() as unit:
            call = _call_of(unit.session, event.leg_id)
            if call.state == CallState.ENDED:
                return None
            end_call(unit, call, event)
            record = unit.session.get_one(CampaignContact, call.campaign_contact_id)
            if call.result == CallResult.ANSWERED:
                record.state, record.updated_at = RecordState.WRAP_UP, unit.clock.now()
                record.last_result = call.result
            else:
                record.last_result = call.result
                fate = outcomes.after_result(unit, record, call)
            agent = unit.session.get(AgentSession, call.agent_id or 0)
            if agent is None or agent.call_id != call.id:
                return None
            if call.result == CallResult.ANSWERED:
                move_if_allowed(unit, agent, AgentEvent.CALL_ENDED)
                return None
            due = fate.due_at.isoformat() if fate.due_at else ""
            return release_agent(unit, agent, f"result:{call.result}:{due}")

    def could_not_place(self, line: Line, error: Exception) -> None:
        """The backend refused the command: where the call was stored already, end it as failed."""
        with self._db.read() as session:
            if session.scalar(select(Call.id).where(Call.customer_leg_id == line.leg_id)) is None:
                return
        self._ended(
            LegEnded(
                conversation_id=line.conversation_id,
                leg_id=line.leg_id,
                at=self._db.clock.now(),
                cause=HangupCause.FAILED,
                reason=error.id if isinstance(error, HooklineError) else type(error).__name__,
            )
        )

    # What the agent does in the call

    def hang_up(self, actor: Actor) -> None:
        """End the actor's call: before the answer it is cancelled."""
        call = self._own_call(actor)
        self.backend(call.backend).hang_up(call.customer_leg_id)

    def hold(self, actor: Actor, on: bool) -> None:
        """Put the customer on hold or take him back."""
        call = self._own_call(actor)
        self.backend(call.backend).hold(call.customer_leg_id, on)
        self._note(call.id, on_hold=on)

    def mute(self, actor: Actor, on: bool) -> None:
        """Stop the agent's voice from reaching the customer, or let it through again."""
        call = self._own_call(actor)
        with self._db.read() as session:
            agent = session.get_one(AgentSession, actor.user_id)
        if agent.station_leg_id is None:
            raise Conflict(N_("Your station is not connected."))
        self.backend(call.backend).mute(agent.station_leg_id, on)
        self._note(call.id, muted=on)

    def send_dtmf(self, actor: Actor, digits: str) -> None:
        """Send keypad digits to the customer's side."""
        call = self._own_call(actor)
        self.backend(call.backend).send_dtmf(call.customer_leg_id, digits)

    def save_note(self, actor: Actor, note: str, call_id: int | None = None) -> None:
        """Keep what the agent types about his call, also before the disposition.

        `call_id` is the call that his page shows: a note that comes late is not written to the next one.
        """
        with self._db.write() as unit:
            agent = unit.session.get(AgentSession, actor.user_id or 0)
            call = unit.session.get(Call, agent.call_id) if agent and agent.call_id else None
            if call is None:
                raise Conflict(N_("There is no call to note anything about."))
            refuse_other_call(call, call_id)
            call.note = note[:4000]

    def _own_call(self, actor: Actor) -> Call:
        with self._db.read() as session:
            agent = session.get(AgentSession, actor.user_id or 0)
            call = session.get(Call, agent.call_id) if agent and agent.call_id else None
        if call is None or call.state == CallState.ENDED:
            raise Conflict(N_("You are not in a call."), N_("The call may have ended a moment ago."))
        return call

    def _note(self, call_id: int, *, on_hold: bool | None = None, muted: bool | None = None) -> None:
        with self._db.write() as unit:
            call = unit.session.get_one(Call, call_id)
            if call.state == CallState.ENDED:
                return  # it ended while the backend was asked
            call.on_hold = call.on_hold if on_hold is None else on_hold
            call.muted = call.muted if muted is None else muted
            unit.emit(CallChanged(**_whom(call), on_hold=call.on_hold, muted=call.muted))

    def _hang_up_leg(self, backend: TelephonyBackend, leg_id: str) -> None:
        try:
            backend.hang_up(leg_id)
        except TelephonyError as error:
            log.info("leg was already gone", error=error.id)


def refuse_other_call(call: Call, seen_id: int | None) -> None:
    """Raise Conflict where the agent's page shows another call than his present one (an old tab, a late request)."""
    if seen_id is not None and seen_id != call.id:
        raise Conflict(N_("This page shows an earlier call of yours."), N_("Reload the page."))


def end_call(unit: UnitOfWork, call: Call, event: LegEnded) -> None:
    """Close a call, its leg and its attempt with their result. The call must be open."""
    call.state = next_state(CallState(call.state), CallEvent.ENDED)
    call.ended_at = event.at
    call.hangup_cause, call.network_code = event.cause.value, event.code
    call.result = result_of(
        event.cause.value,
        answered=call.answered_at is not None,
        agent_connected=call.agent_connected_at is not None,
    )
    call.on_hold = call.muted = False
    leg = unit.session.get_one(Leg, call.customer_leg_id)
    leg.ended_at, leg.cause = event.at, event.cause.value
    attempt = unit.session.get_one(Attempt, call.attempt_id)
    attempt.closed_at, attempt.result = event.at, call.result
    unit.session.flush()
    unit.emit(CallEnded(**_whom(call), result=call.result))


def release_agent(unit: UnitOfWork, agent: AgentSession, notice: str) -> int | None:
    """The agent's attempt came to nothing: free him, carry out his wish; his id when he is ready for the next."""
    agent.notice, agent.call_id, agent.campaign_contact_id = notice, None, None
    move_if_allowed(unit, agent, AgentEvent.NOT_ANSWERED)
    carry_on(unit, agent)
    return agent.user_id if agent.state == "ready" else None


def _call_of(session: Session, leg_id: str) -> Call:
    """The call of a customer's leg, its agent's session held before it (see `UnitOfWork`)."""
    agent_id = session.scalar(select(Call.agent_id).where(Call.customer_leg_id == leg_id))
    if agent_id is not None:
        session.get(AgentSession, agent_id)
    return session.scalars(select(Call).where(Call.customer_leg_id == leg_id)).one()


def _whom(call: Call) -> dict[str, int | None]:
    return {
        "client_id": call.client_id,
        "campaign_id": call.campaign_id,
        "contact_id": call.contact_id,
        "call_id": call.id,
        "agent_id": call.agent_id,
    }
