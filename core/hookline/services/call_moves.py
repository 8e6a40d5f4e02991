"""What moves a call: its end, its hand-over, and whom it concerns. Used by every service that works on calls."""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import UnitOfWork
from hookline.db.models import AgentSession, Attempt, Call, CampaignContact, Leg
from hookline.domain.agents import AgentEvent
from hookline.domain.calls import CallEvent, CallResult, CallState, next_state, result_of
from hookline.domain.campaigns import RecordState
from hookline.domain.events import CallEnded
from hookline.errors import Conflict
from hookline.ports.telephony import HangupCause, LegEnded, TelephonyBackend, TelephonyError
from hookline.services import outcomes
from hookline.services.agent_moves import carry_on, move_if_allowed
from hookline.text import N_

log = structlog.get_logger(__name__)

#: `Call.hangup_cause` of a part that ended since another agent took the customer over.
HANDED_OVER = "handed_over"


def whom(call: Call) -> dict[str, int | None]:
    """The envelope of events about the call."""
    return {
        "client_id": call.client_id,
        "campaign_id": call.campaign_id,
        "contact_id": call.contact_id,
        "call_id": call.id,
        "agent_id": call.agent_id,
    }


def call_of(session: Session, leg_id: str) -> Call:
    """The call that a customer's leg is in now, its agent's session held before it (see `UnitOfWork`)."""
    call_id = session.get_one(Leg, leg_id).call_id
    agent_id = session.scalar(select(Call.agent_id).where(Call.id == call_id))
    if agent_id is not None:
        session.get(AgentSession, agent_id)
    return session.get_one(Call, call_id)


def refuse_other_call(call: Call, seen_id: int | None) -> None:
    """Raise Conflict where the agent's page shows another call than his present one (an old tab, a late request)."""
    if seen_id is not None and seen_id != call.id:
        raise Conflict(N_("This page shows an earlier call of yours."), N_("Reload the page."))


def own_call(session: Session, user_id: int | None) -> Call:
    """The call that a person is in as its agent; raises Conflict where he is in none."""
    agent = session.get(AgentSession, user_id or 0)
    call = session.get(Call, agent.call_id) if agent and agent.call_id else None
    if call is None or call.state in (CallState.PASSED, CallState.ENDED):
        raise Conflict(N_("You are not in a call."), N_("The call may have ended a moment ago."))
    return call


def end_call(unit: UnitOfWork, call: Call, event: LegEnded) -> None:
    """Close a call, its leg and its attempt with their result. The call must be open."""
    close_call(unit, call, event.cause.value, event.code)
    call.ended_at = event.at
    leg = unit.session.get_one(Leg, call.customer_leg_id)
    leg.ended_at, leg.cause = event.at, event.cause.value
    _close_attempt(unit, call)
    unit.session.flush()


def close_call(unit: UnitOfWork, call: Call, cause: str, code: int = 0) -> None:
    """End this part of a call, now; its customer may go on in another part."""
    call.state = next_state(CallState(call.state), CallEvent.ENDED)
    call.ended_at = unit.clock.now()
    call.hangup_cause, call.network_code = cause, code
    call.result = result_of(
        cause,
        answered=call.answered_at is not None,
        agent_connected=call.agent_connected_at is not None,
        inbound=call.direction == "inbound" or call.parent_id is not None,
    )
    call.on_hold = call.muted = call.recording_paused = False
    unit.emit(CallEnded(**whom(call), result=call.result))


def _close_attempt(unit: UnitOfWork, call: Call) -> None:
    """The attempt is the first part's: it is open as long as the customer is on the line."""
    first = call
    while first.parent_id is not None:
        first = unit.session.get_one(Call, first.parent_id)
    if first.attempt_id is not None:
        attempt = unit.session.get_one(Attempt, first.attempt_id)
        attempt.closed_at, attempt.result = call.ended_at, first.result


def after_end(unit: UnitOfWork, call: Call) -> int | None:
    """The call was ended: what becomes of its record and its agent; the agent's id when he is ready for the next."""
    record = unit.session.get_one(CampaignContact, call.campaign_contact_id)
    notice = settle_record(unit, record, call)
    agent = unit.session.get(AgentSession, call.agent_id or 0)
    if agent is None or agent.call_id != call.id:
        return None
    if call.result == CallResult.ANSWERED:
        move_if_allowed(unit, agent, AgentEvent.CALL_ENDED)
        return None
    return release_agent(unit, agent, notice)


def settle_record(unit: UnitOfWork, record: CampaignContact, call: Call) -> str:
    """The record after its call's end; the notice for the agent."""
    if call.result == CallResult.ANSWERED:
        if call.disposed_at is None:
            record.state, record.updated_at, record.last_result = RecordState.WRAP_UP, unit.clock.now(), call.result
        return ""
    if call.attempt_id is None:
        return f"missed:{call.result}:"  # nobody was called: what is due for him stays due
    record.last_result = call.result
    fate = outcomes.after_result(unit, record, call)
    due = fate.due_at.isoformat() if fate.due_at else ""
    return f"result:{call.result}:{due}"


def release_agent(unit: UnitOfWork, agent: AgentSession, notice: str) -> int | None:
    """The agent's attempt came to nothing: free him, carry out his wish; his id when he is ready for the next."""
    agent.notice, agent.call_id, agent.campaign_contact_id = notice, None, None
    move_if_allowed(unit, agent, AgentEvent.NOT_ANSWERED)
    carry_on(unit, agent)
    return agent.user_id if agent.state == "ready" else None


def hang_up_leg(backend: TelephonyBackend, leg_id: str) -> None:
    """Hang up a leg that may be gone already."""
    try:
        backend.hang_up(leg_id)
    except TelephonyError as error:
        log.info("leg was already gone", error=error.id)


def lost(unit: UnitOfWork, call: Call) -> LegEnded:
    """The end of a customer's leg of which nobody will tell: its cell, or the whole engine, is gone."""
    return LegEnded(
        conversation_id=call.conversation_id,
        leg_id=call.customer_leg_id,
        at=unit.clock.now(),
        cause=HangupCause.LOST,
    )
