"""Parties of calls: how somebody whom an agent brought in comes, changes and goes, in one transaction each."""

from __future__ import annotations

from sqlalchemy import select

from hookline.db.database import UnitOfWork
from hookline.db.models import AgentSession, Call, CallParty
from hookline.domain.agents import AgentEvent
from hookline.domain.calls import CallEvent, CallState, next_state
from hookline.domain.events import CallPartyChanged, CallPassed
from hookline.errors import Conflict
from hookline.services.agent_moves import carry_on, move, move_if_allowed
from hookline.services.call_moves import whom
from hookline.services.transfer_targets import Target
from hookline.text import N_


def ready(unit: UnitOfWork, agent_id: int) -> AgentSession:
    """The colleague, who can be given something now; raises Conflict where he cannot (any more)."""
    colleague = unit.session.get(AgentSession, agent_id)
    there = colleague is not None and colleague.state == "ready" and colleague.station_state == "connected"
    if colleague is None or not there:
        raise Conflict(N_("Your colleague is busy by now."), N_("Choose somebody else."))
    return colleague


def refuse_party(unit: UnitOfWork, call: Call) -> None:
    """Raise Conflict where the call is not with its agent, or has a party already."""
    if call.state != CallState.CONNECTED:
        raise Conflict(N_("You are not in a call."), N_("The call may have ended a moment ago."))
    open_one = select(CallParty.id).where(CallParty.call_id == call.id, CallParty.ended_at.is_(None))
    if unit.session.scalar(open_one) is not None:
        raise Conflict(N_("Somebody else is in this call already."), N_("Let them go first."))


def new_party(unit: UnitOfWork, call: Call, target: Target, manner: str, leg_id: str) -> CallParty:
    """Somebody is brought in."""
    party = CallParty(
        call_id=call.id,
        agent_id=target.agent_id,
        number=target.number,
        label=target.label,
        leg_id=leg_id,
        manner=manner,
        asked_by=call.agent_id,
        started_at=unit.clock.now(),
    )
    unit.session.add(party)
    unit.session.flush()
    return party


def leave(unit: UnitOfWork, call: Call, agent: AgentSession) -> None:
    """The agent's part in the call is over: he says what came of it, the customer goes on."""
    call.state = next_state(CallState(call.state), CallEvent.PASSED)
    call.agent_left_at, call.on_hold, call.muted, call.recording_paused = unit.clock.now(), False, False, False
    move(unit, agent, AgentEvent.CALL_ENDED)
    unit.emit(CallPassed(**whom(call)))


def free_colleague(unit: UnitOfWork, party: CallParty) -> tuple[int | None, str | None]:
    """A colleague who was asked is ready again: his id, and his own conversation."""
    if party.agent_id is None:
        return None, None
    colleague = unit.session.get_one(AgentSession, party.agent_id)
    if colleague.party_id != party.id:
        return None, None
    colleague.party_id = None
    move_if_allowed(unit, colleague, AgentEvent.CONSULT_ENDED)
    carry_on(unit, colleague)
    return (colleague.user_id if colleague.state == "ready" else None), colleague.conversation_id


def set_state(unit: UnitOfWork, call: Call, party: CallParty, state: str) -> None:
    """The party is in another state; both screens are told."""
    party.state = state
    unit.session.flush()
    unit.emit(CallPartyChanged(**whom(call), party_id=party.id, state=state))
    if party.agent_id is not None:  # his screen looks different too
        unit.emit(CallPartyChanged(**{**whom(call), "agent_id": party.agent_id}, party_id=party.id, state=state))
