"""A customer who was handed on and whom nobody took: back to his agent where that one is free, else a message."""

from __future__ import annotations

import structlog

from hookline.db.database import Database
from hookline.db.models import AgentSession, Call, Campaign, User
from hookline.domain.agents import AgentEvent, AgentState
from hookline.domain.calls import CallEvent, CallState, next_state
from hookline.domain.events import CallConnected
from hookline.ports.telephony import TelephonyError
from hookline.services.agent_moves import move
from hookline.services.call_moves import hang_up_leg, whom
from hookline.services.calls import CallService
from hookline.services.prompts import PromptKind
from hookline.services.sounds import Sounds

log = structlog.get_logger(__name__)


class Returns:
    """Looks after customers whom nobody took."""

    def __init__(self, db: Database, calls: CallService, sounds: Sounds) -> None:
        self._db = db
        self._calls = calls
        self._sounds = sounds

    def nobody_took(self, call_id: int) -> None:
        """The one to whom the customer was handed did not come. Safe to call for a customer who is gone."""
        agent_leg = None
        with self._db.write() as unit:
            call = unit.session.get_one(Call, call_id)
            if call.state != CallState.PASSED:
                return
            agent = unit.session.get(AgentSession, call.agent_id or 0)
            user = unit.session.get(User, call.agent_id or 0)
            waits = agent is not None and agent.state == AgentState.WRAP_UP and agent.call_id == call.id
            if agent is not None and user is not None and waits and user.active and agent.station_state == "connected":
                agent_leg = agent.station_leg_id
                call.state, call.agent_left_at = next_state(CallState.PASSED, CallEvent.RETURNED), None
                call.conversation_id = agent.conversation_id or call.conversation_id
                agent.notice = "returned::"
                move(unit, agent, AgentEvent.CALL_RETURNED)
                unit.emit(CallConnected(**whom(call)))
            campaign = unit.session.get_one(Campaign, call.campaign_id)
        if agent_leg is None:
            self._calls.say_and_hang_up(call, PromptKind.TRANSFER_FAILED)
        else:
            self._take_back(call, agent_leg, record=campaign.record_calls)

    def _take_back(self, call: Call, agent_leg: str, *, record: bool) -> None:
        backend = self._calls.backend(call.backend)
        self._sounds.quiet(backend, call.customer_leg_id)
        try:
            backend.join(call.conversation_id, call.customer_leg_id)
            backend.bridge(call.conversation_id, agent_leg, call.customer_leg_id)
        except TelephonyError as error:
            log.warning("the customer could not be brought back", call_id=call.id, error=error.id)
            hang_up_leg(backend, call.customer_leg_id)
            return
        if record:
            self._calls.record(call, backend)
