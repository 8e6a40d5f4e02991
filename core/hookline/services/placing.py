"""Placing: an agent, a record and the gate's decision become a call. The one caller of the gate's `place`."""

from __future__ import annotations

import uuid

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, Call, CampaignContact
from hookline.domain.agents import AgentEvent
from hookline.domain.dialling import Decision, DialRefused
from hookline.errors import Conflict
from hookline.services import record_notes
from hookline.services.agent_moves import move
from hookline.services.calls import CallService
from hookline.services.gate import DialGate, Line
from hookline.text import N_


class Placer:
    """Puts calls into agents' conversations."""

    def __init__(self, db: Database, gate: DialGate, calls: CallService) -> None:
        self._db = db
        self._gate = gate
        self._calls = calls

    def place(self, agent: AgentSession, record_id: int, decision: Decision) -> int:
        """Place the allowed call; its id. Raises DialRefused, Conflict, TelephonyError, and leaves nothing open."""
        if not decision.allowed:
            self._note_refusal(record_id, decision)
            raise DialRefused(decision)
        if agent.conversation_id is None or agent.station_state != "connected":
            self._gate.abandon(decision.attempt_id)
            raise Conflict(N_("Your station is not connected."), N_("Connect your station, then dial."))
        line = Line(agent.conversation_id, uuid.uuid4().hex)
        try:
            backend = self._calls.backend(agent.backend)
            return self._gate.place(decision, line, backend, seat=_take_seat)
        except Exception as error:
            # Whatever it was, a bug in a backend's plugin included: the call ends if it was stored already.
            self._gate.abandon(decision.attempt_id)
            self._calls.could_not_place(line, error)
            raise

    def _note_refusal(self, record_id: int, decision: Decision) -> None:
        with self._db.write() as unit:
            record = unit.session.get_one(CampaignContact, record_id)
            record_notes.keep(record, record_notes.of_refusals(decision.refusals))


def _take_seat(unit: UnitOfWork, call: Call) -> None:
    """In the transaction that makes the call: the agent is now ringing with it."""
    agent = unit.session.get_one(AgentSession, call.agent_id)
    if agent.campaign_contact_id != call.campaign_contact_id:
        raise Conflict(N_("Another contact is presented to you by now."), N_("Reload the page."))
    move(unit, agent, AgentEvent.DIAL)
    agent.call_id, agent.campaign_contact_id, agent.notice = call.id, call.campaign_contact_id, ""
