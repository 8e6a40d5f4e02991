"""After a stop of any kind: what was open is ended truthfully. No contact lost, none dialled twice, no agent stuck."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, Attempt, Call, CallParty, CampaignContact, Supervision
from hookline.domain.agents import AgentEvent, AgentState
from hookline.domain.calls import CallResult, CallState
from hookline.domain.campaigns import RecordState
from hookline.ports.telephony import HangupCause
from hookline.services import outcomes
from hookline.services.agent_moves import move_if_allowed, set_station
from hookline.services.call_moves import after_end, end_call, lost, release_agent

log = structlog.get_logger(__name__)


def reconcile(db: Database) -> None:
    """Run once at start, before anything is dialled: no leg of the former process is alive any more."""
    with db.write() as unit:
        _end_helpers(unit)
        ended = [_end_lost(unit, call) for call in unit.session.scalars(select(Call).where(Call.state != "ended"))]
        stray = _close_stray_attempts(unit)
        for agent in unit.session.scalars(select(AgentSession)):
            _settle_agent(unit, agent)
        returned = _return_reserved(unit)
    if ended or stray or returned:
        log.warning("reconciled after a stop", calls=len(ended), attempts=stray, records=returned)


def _end_helpers(unit: UnitOfWork) -> None:
    """Parties and supervisions had legs too."""
    now, cause = unit.clock.now(), HangupCause.LOST.value
    for party in unit.session.scalars(select(CallParty).where(CallParty.ended_at.is_(None))):
        party.state, party.ended_at, party.cause = "ended", now, cause
    for supervision in unit.session.scalars(select(Supervision).where(Supervision.ended_at.is_(None))):
        supervision.state, supervision.ended_at, supervision.cause = "ended", now, cause


def _end_lost(unit: UnitOfWork, call: Call) -> int:
    end_call(unit, call, lost(unit, call))
    after_end(unit, call)
    return call.id


def _close_stray_attempts(unit: UnitOfWork) -> int:
    stray = unit.session.scalars(select(Attempt).where(Attempt.closed_at.is_(None))).all()
    for attempt in stray:
        attempt.closed_at, attempt.result = unit.clock.now(), "not placed"
    return len(stray)


def _settle_agent(unit: UnitOfWork, agent: AgentSession) -> None:
    agent.station_leg_id, agent.conversation_id, agent.party_id = None, None, None
    if agent.station_state != "gone":
        set_station(unit, agent, "gone", "restarted")
    if agent.state == AgentState.RESERVED and agent.campaign_contact_id is not None:
        outcomes.give_back(unit, unit.session.get_one(CampaignContact, agent.campaign_contact_id))
        agent.campaign_contact_id = None
    if AgentState(agent.state) in (AgentState.RINGING, AgentState.ON_CALL):
        _free_without_call(unit, agent)
    if agent.state in (AgentState.READY, AgentState.RESERVED):
        move_if_allowed(unit, agent, AgentEvent.STATION_LOST, "restarted")


def _free_without_call(unit: UnitOfWork, agent: AgentSession) -> None:
    """Busy, but the call is over already (a stop between two transactions): move on as its end would have."""
    call = unit.session.get(Call, agent.call_id or 0)
    if call is not None and call.result == CallResult.ANSWERED and call.state == CallState.ENDED:
        move_if_allowed(unit, agent, AgentEvent.ANSWERED)
        move_if_allowed(unit, agent, AgentEvent.CALL_ENDED)
        return
    move_if_allowed(unit, agent, AgentEvent.CONSULT_ENDED)  # a colleague had asked him
    release_agent(unit, agent, "")


def _return_reserved(unit: UnitOfWork) -> int:
    held = set(unit.session.scalars(select(AgentSession.campaign_contact_id)))
    lost_records = [
        record
        for record in unit.session.scalars(
            select(CampaignContact).where(CampaignContact.state.in_([RecordState.RESERVED, RecordState.IN_CALL]))
        )
        if record.id not in held
    ]
    for record in lost_records:
        record.state = RecordState.RESERVED
        outcomes.give_back(unit, record)
    return len(lost_records)
