"""Presenting: which contact comes next for a ready agent; in progressive mode it is dialled at once."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import select

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import AgentSession, CampaignContact, User
from hookline.domain.agents import AgentEvent, AgentState
from hookline.domain.campaigns import DialMode
from hookline.domain.dialling import DialRefused, Refusal
from hookline.domain.events import ContactPresented
from hookline.errors import HooklineError
from hookline.services import claims, outcomes, record_notes
from hookline.services.agent_moves import move
from hookline.services.dialler.waiting import WaitingCustomers
from hookline.services.gate import DialAsk, DialGate
from hookline.services.placing import Placer
from hookline.services.work_shares import work_sources

log = structlog.get_logger(__name__)

#: So many refused contacts are put aside in one go before the agent is told to wait.
_INSPECT_AT_MOST = 50


@dataclass(frozen=True)
class _Claim:
    record_id: int
    number: str
    mode: DialMode


class Presenter:
    """Reserves due contacts for ready agents, one each."""

    def __init__(self, db: Database, gate: DialGate, placer: Placer) -> None:
        self._db = db
        self._gate = gate
        self._placer = placer
        #: Customers who answered and wait for an agent come before everybody else.
        self.waiting: WaitingCustomers | None = None

    def present(self, agent_id: int) -> bool:
        """Reserve the next contact for a ready agent; False where none is due. Safe to call at any time.

        Contacts that the policies refuse now are put aside with the reason, so that the agent is shown only those
        that may be dialled.
        """
        if self.waiting is not None and self.waiting.seat_agent(agent_id):
            return True
        for _ in range(_INSPECT_AT_MOST):
            claim = self._claim(agent_id)
            if claim is None:
                return False
            if self._offer(agent_id, claim) and not self._dial_at_once(agent_id, claim):
                return True
        return False

    def _offer(self, agent_id: int, claim: _Claim) -> bool:
        """Ask the policies and settle the claim; True where the search is over. Whatever breaks, none stays claimed."""
        try:
            refusals = self._gate.inspect(claim.record_id, claim.number, agent_id) if claim.number else []
            return self._settle_claim(agent_id, claim, refusals)
        except Exception:
            self._let_go(agent_id, claim)
            raise

    def _let_go(self, agent_id: int, claim: _Claim) -> None:
        with self._db.write() as unit:
            agent = unit.session.get_one(AgentSession, agent_id)
            record = unit.session.get_one(CampaignContact, claim.record_id)
            if record.owner_id == agent_id and agent.campaign_contact_id != record.id:
                outcomes.give_back(unit, record)

    def _dial_at_once(self, agent_id: int, claim: _Claim) -> bool:
        """In progressive mode dial what is presented; True where that failed and the next is to be tried."""
        if claim.mode in (DialMode.PREVIEW, DialMode.MANUAL):
            return False
        try:
            decision = self._gate.decide(DialAsk(claim.record_id, claim.number, agent_id, claim.mode.value))
            with self._db.read() as session:
                agent = session.get_one(AgentSession, agent_id)
            self._placer.place(agent, claim.record_id, decision)
        except HooklineError as error:
            log.info(
                "the dialler could not dial; going on with the next", campaign_record=claim.record_id, why=error.id
            )
            return self._turn_away(agent_id, claim, error)
        return False

    def _turn_away(self, agent_id: int, claim: _Claim, error: HooklineError) -> bool:
        """Free the agent of a contact that could not be dialled; True where he is ready for another."""
        with self._db.write() as unit:
            agent = unit.session.get_one(AgentSession, agent_id)
            if agent.state != AgentState.RESERVED or agent.campaign_contact_id != claim.record_id:
                return agent.state == AgentState.READY
            record = unit.session.get_one(CampaignContact, claim.record_id)
            if isinstance(error, DialRefused):
                outcomes.after_refusals(unit, record, list(error.decision.refusals))
            else:
                outcomes.after_skip(unit, record, record_notes.of_error(error))
            agent.campaign_contact_id = None
            move(unit, agent, AgentEvent.RELEASE)
            return True

    def present_to_all(self) -> int:
        """Present to every ready agent; returns to how many. Run by the scheduler, for contacts that became due."""
        with self._db.read() as session:
            ready = list(session.scalars(select(AgentSession.user_id).where(AgentSession.state == AgentState.READY)))
        return sum(self._present_guarded(agent_id) for agent_id in ready)

    def _present_guarded(self, agent_id: int) -> bool:
        """One agent's trouble is not the others'."""
        try:
            return self.present(agent_id)
        except Exception as error:
            log.error("no contact could be presented", agent_id=agent_id, exc_info=error)
            return False

    def _claim(self, agent_id: int) -> _Claim | None:
        with self._db.write() as unit:
            agent = unit.session.get(AgentSession, agent_id)
            if agent is None or agent.state != AgentState.READY or agent.station_state != "connected":
                return None
            if not unit.session.get_one(User, agent_id).active:
                return None
            record = _next_record(unit, agent)
            if record is None:
                return None
            return _Claim(
                record.id, outcomes.next_number(unit.session, record) or "", DialMode(record.campaign.dial_mode)
            )

    def _settle_claim(self, agent_id: int, claim: _Claim, refusals: list[Refusal]) -> bool:
        with self._db.write() as unit:
            agent = unit.session.get_one(AgentSession, agent_id)
            record = unit.session.get_one(CampaignContact, claim.record_id)
            if not claim.number:
                outcomes.out_of_numbers(unit, record)
                return False
            if refusals:
                outcomes.after_refusals(unit, record, refusals)
                return False
            if agent.state != AgentState.READY:
                outcomes.give_back(unit, record)
                return True
            agent.campaign_contact_id, agent.call_id = record.id, None
            move(unit, agent, AgentEvent.RESERVE)
            unit.emit(
                ContactPresented(
                    client_id=record.client_id,
                    campaign_id=record.campaign_id,
                    contact_id=record.contact_id,
                    agent_id=agent_id,
                )
            )
            return True


def _next_record(unit: UnitOfWork, agent: AgentSession) -> CampaignContact | None:
    """The next due record among the campaigns he may work on, where it is calling time."""
    return claims.claim(unit, work_sources(unit.session, agent), agent.user_id)
