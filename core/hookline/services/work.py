"""The agent's work in preview mode: which contact comes next, dial, skip, dispose."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import (
    AgentSession,
    Call,
    Campaign,
    CampaignAgent,
    CampaignContact,
    Contact,
    ContactNumber,
    Disposition,
)
from hookline.domain.access import Actor
from hookline.domain.agents import AgentEvent, AgentState, next_state
from hookline.domain.calls import CallState
from hookline.domain.campaigns import CallingWindow, CampaignState, Category, RecordState
from hookline.domain.dialling import AttemptOpen, Decision, DialRefused, Refusal
from hookline.domain.events import CallDisposed, ContactPresented
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import TelephonyError
from hookline.services import outcomes
from hookline.services.agent_moves import carry_on, move
from hookline.services.calls import CallService
from hookline.services.gate import DialAsk, DialGate, Line
from hookline.services.phones import normalise
from hookline.text import N_

#: So many refused contacts are put aside in one go before the agent is told to wait.
_INSPECT_AT_MOST = 50


@dataclass(frozen=True)
class _Claim:
    record_id: int
    number: str


class WorkService:
    """Presents contacts to agents and carries out what they decide."""

    def __init__(self, db: Database, hooks: Hooks, gate: DialGate, calls: CallService) -> None:
        self._db = db
        self._hooks = hooks
        self._gate = gate
        self._calls = calls

    # Presenting

    def present(self, agent_id: int) -> bool:
        """Reserve the next contact for a ready agent; False where none is due. Safe to call at any time.

        Contacts that the policies refuse now are put aside with the reason, so that the agent is shown only those
        that may be dialled.
        """
        for _ in range(_INSPECT_AT_MOST):
            claim = self._claim(agent_id)
            if claim is None:
                return False
            refusals = self._gate.inspect(claim.record_id, claim.number, agent_id)
            if self._settle_claim(agent_id, claim, refusals):
                return True
        return False

    def present_to_all(self) -> int:
        """Present to every ready agent; returns to how many. Run by the scheduler, for contacts that became due."""
        with self._db.read() as session:
            ready = list(session.scalars(select(AgentSession.user_id).where(AgentSession.state == AgentState.READY)))
        return sum(self.present(agent_id) for agent_id in ready)

    def _claim(self, agent_id: int) -> _Claim | None:
        with self._db.write() as unit:
            agent = unit.session.get(AgentSession, agent_id)
            if agent is None or agent.state != AgentState.READY or agent.station_state != "connected":
                return None
            record = _next_record(unit, agent)
            if record is None:
                return None
            record.state, record.owner_id = RecordState.RESERVED, agent_id
            record.reserved_at = unit.clock.now()
            return _Claim(record.id, first_number(record.contact) or "")

    def _settle_claim(self, agent_id: int, claim: _Claim, refusals: list[Refusal]) -> bool:
        with self._db.write() as unit:
            record = unit.session.get_one(CampaignContact, claim.record_id)
            agent = unit.session.get_one(AgentSession, agent_id)
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

    # Dialling

    def dial(self, actor: Actor, number_id: int | None = None) -> int:
        """Dial the contact that is presented to the actor; returns the call's id.

        Raises DialRefused with the reasons, AttemptOpen where somebody else is calling, TelephonyError where the
        backend cannot.
        """
        agent, record = self._presented(actor)
        number = _chosen_number(record.contact, number_id)
        decision = self._gate.decide(DialAsk(record.id, number, agent.user_id, "preview"))
        return self._place(agent, record.id, decision)

    def dial_by_hand(self, actor: Actor, campaign_id: int, text: str) -> int:
        """Dial a number the agent typed, in a campaign where he is granted it; returns the call's id.

        The number becomes a contact of the campaign's client where it is none yet: what was called is never nameless.
        """
        if not actor.grant(campaign_id).dial_by_hand:
            raise NotPermitted(N_("You may not dial by hand in this campaign."), N_("Ask your administrator."))
        record_id, number = self._record_for_number(actor, campaign_id, text)
        with self._db.write() as unit:
            agent = _session_of(unit.session, actor)
            _put_back_presented(unit, agent)
            move(unit, agent, AgentEvent.RESERVE)
            agent.campaign_contact_id, agent.notice = record_id, ""
            record = unit.session.get_one(CampaignContact, record_id)
            record.state, record.owner_id, record.reserved_at = RecordState.RESERVED, agent.user_id, unit.clock.now()
        decision = self._gate.decide(DialAsk(record_id, number, agent.user_id, "manual"))
        return self._place(agent, record_id, decision)

    def _place(self, agent: AgentSession, record_id: int, decision: Decision) -> int:
        if not decision.allowed:
            self._note_refusal(record_id, decision)
            raise DialRefused(decision)
        if agent.conversation_id is None or agent.station_state != "connected":
            self._gate.abandon(decision.attempt_id)
            raise Conflict(N_("Your station is not connected."), N_("Connect your station, then dial."))
        backend = self._calls.backend(agent.backend)
        line = Line(agent.conversation_id, uuid.uuid4().hex)
        try:
            return self._gate.place(decision, line, backend, seat=_take_seat)
        except TelephonyError as error:
            self._calls.could_not_place(line, error)
            raise
        except Exception:
            self._gate.abandon(decision.attempt_id)
            raise

    def _note_refusal(self, record_id: int, decision: Decision) -> None:
        with self._db.write() as unit:
            record = unit.session.get_one(CampaignContact, record_id)
            record.last_note = "; ".join(r.text for r in decision.refusals)

    def _record_for_number(self, actor: Actor, campaign_id: int, text: str) -> tuple[int, str]:
        with self._db.write() as unit:
            campaign = unit.session.get(Campaign, campaign_id)
            if campaign is None or not actor.scope.covers_campaign(campaign.client_id, campaign.id):
                raise NotFound(N_("There is no such campaign."))
            country = campaign.allowed_countries[0] if campaign.allowed_countries else "PL"
            phone = normalise(text, country)
            number = unit.session.scalar(
                select(ContactNumber).where(
                    ContactNumber.client_id == campaign.client_id, ContactNumber.e164 == phone.e164
                )
            )
            contact_id = number.contact_id if number else _new_contact(unit, campaign, phone.e164, phone.time_zone)
            record = unit.session.scalar(
                select(CampaignContact).where(
                    CampaignContact.campaign_id == campaign_id, CampaignContact.contact_id == contact_id
                )
            )
            if record is None:
                record = CampaignContact(
                    campaign_id=campaign_id,
                    contact_id=contact_id,
                    client_id=campaign.client_id,
                    updated_at=unit.clock.now(),
                )
                unit.session.add(record)
                unit.session.flush()
            if record.owner_id not in (None, actor.user_id):
                raise AttemptOpen
            return record.id, phone.e164

    # Skipping and disposing

    def skip(self, actor: Actor, reason: str) -> None:
        """Put the presented contact aside for an hour, with the reason; the next one is presented."""
        if not reason.strip():
            raise InvalidInput(N_("Say why you skip this contact."), fields={"reason": ["Choose or write a reason."]})
        with self._db.write() as unit:
            agent = _session_of(unit.session, actor)
            move(unit, agent, AgentEvent.RELEASE)
            record = unit.session.get_one(CampaignContact, agent.campaign_contact_id or 0)
            outcomes.after_skip(unit, record, reason.strip())
            agent.campaign_contact_id, agent.notice = None, ""
        self.present(agent.user_id)

    def dispose(self, actor: Actor, code: str, note: str = "", due_at: datetime | None = None) -> None:
        """Record what came of the agent's call; he goes on (or pauses, or leaves, where he had asked to)."""
        with self._db.write() as unit:
            agent = _session_of(unit.session, actor)
            next_state(AgentState(agent.state), AgentEvent.DISPOSED)
            call = unit.session.get(Call, agent.call_id or 0)
            if call is None or call.state != CallState.ENDED or call.disposed_at is not None:
                raise Conflict(N_("There is no call waiting for a disposition."))
            disposition = _disposition(unit.session, call.campaign_id, code)
            fate = outcomes.after_disposition(unit, call, disposition, due_at)
            call.disposition_id, call.disposed_at, call.note = disposition.id, unit.clock.now(), note.strip()
            agent.call_id, agent.campaign_contact_id = None, None
            agent.notice = "" if fate.due_at is None else f"retry:{fate.due_at.isoformat()}"
            unit.emit(_disposed(call, disposition))
            move(unit, agent, AgentEvent.DISPOSED, agent.pause_reason)
            carry_on(unit, agent)
        self.present(agent.user_id)

    def _presented(self, actor: Actor) -> tuple[AgentSession, CampaignContact]:
        with self._db.read() as session:
            agent = _session_of(session, actor)
            next_state(AgentState(agent.state), AgentEvent.DIAL)
            record = session.scalar(
                select(CampaignContact)
                .where(CampaignContact.id == agent.campaign_contact_id)
                .options(joinedload(CampaignContact.contact).selectinload(Contact.numbers))
            )
        if record is None:
            raise Conflict(N_("No contact is presented to you."), N_("Reload the page."))
        return agent, record


def _put_back_presented(unit: UnitOfWork, agent: AgentSession) -> None:
    """The agent turns from the contact that was presented to him: it goes back as it was."""
    if agent.state != AgentState.RESERVED or agent.campaign_contact_id is None:
        return
    outcomes.give_back(unit, unit.session.get_one(CampaignContact, agent.campaign_contact_id))
    move(unit, agent, AgentEvent.RELEASE)
    agent.campaign_contact_id = None


def _take_seat(unit: UnitOfWork, call: Call) -> None:
    """In the transaction that makes the call: the agent is now ringing with it."""
    agent = unit.session.get_one(AgentSession, call.agent_id)
    move(unit, agent, AgentEvent.DIAL)
    agent.call_id, agent.campaign_contact_id, agent.notice = call.id, call.campaign_contact_id, ""


def first_number(contact: Contact) -> str | None:
    """The number to offer first: the first that has not proved wrong."""
    return next((n.e164 for n in contact.numbers if n.state == "valid"), None)


def _chosen_number(contact: Contact, number_id: int | None) -> str:
    if number_id is None:
        number = first_number(contact)
    else:
        number = next((n.e164 for n in contact.numbers if n.id == number_id), None)
    if number is None:
        raise Conflict(N_("This contact has no number left to dial."), N_("Skip the contact."))
    return number


def _session_of(session: Session, actor: Actor) -> AgentSession:
    agent = session.get(AgentSession, actor.user_id or 0)
    if agent is None:
        raise Conflict(N_("You have not started work."), N_("Choose your station and go ready."))
    return agent


def _disposition(session: Session, campaign_id: int, code: str) -> Disposition:
    found = session.scalar(
        select(Disposition).where(Disposition.campaign_id == campaign_id, Disposition.code == code, Disposition.active)
    )
    if found is None:
        raise InvalidInput(
            N_("This campaign has no such disposition."),
            fields={"code": ["Choose one of the campaign's dispositions."]},
        )
    return found


def _disposed(call: Call, disposition: Disposition) -> CallDisposed:
    return CallDisposed(
        client_id=call.client_id,
        campaign_id=call.campaign_id,
        contact_id=call.contact_id,
        call_id=call.id,
        agent_id=call.agent_id,
        code=disposition.code,
        category=Category(disposition.category).value,
    )


def _new_contact(unit: UnitOfWork, campaign: Campaign, e164: str, time_zone: str) -> int:
    now = unit.clock.now()
    contact = Contact(client_id=campaign.client_id, time_zone=time_zone, created_at=now, updated_at=now)
    contact.numbers = [ContactNumber(client_id=campaign.client_id, e164=e164)]
    unit.session.add(contact)
    unit.session.flush()
    return contact.id


def _next_record(unit: UnitOfWork, agent: AgentSession) -> CampaignContact | None:
    """The due record with the highest priority among the campaigns he may work on, where it is calling time."""
    now = unit.clock.now()
    mine = select(CampaignAgent.campaign_id).where(CampaignAgent.user_id == agent.user_id)
    campaigns = unit.session.scalars(
        select(Campaign).where(
            Campaign.id.in_(mine), Campaign.state == CampaignState.RUNNING, Campaign.backend == agent.backend
        )
    ).all()
    choices = []
    for campaign in campaigns:
        if agent.campaign_id in (None, campaign.id):
            zones = _open_zones(unit.session, campaign, now)
            choices += [(CampaignContact.campaign_id == campaign.id) & Contact.time_zone.in_(zones)] if zones else []
    if not choices:
        return None
    waiting = (CampaignContact.state == RecordState.NEW) | (
        (CampaignContact.state == RecordState.RETRY) & (CampaignContact.next_due_at <= now)
    )
    return unit.session.scalar(
        select(CampaignContact)
        .join(Contact, Contact.id == CampaignContact.contact_id)
        .where(or_(*choices), waiting)
        .order_by(CampaignContact.priority.desc(), CampaignContact.next_due_at.nulls_last(), CampaignContact.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=CampaignContact)
    )


def _open_zones(session: Session, campaign: Campaign, now: datetime) -> list[str]:
    """Time zones of the campaign's contacts in which its window is open now."""
    zones = session.scalars(
        select(Contact.time_zone)
        .join(CampaignContact, CampaignContact.contact_id == Contact.id)
        .where(CampaignContact.campaign_id == campaign.id)
        .distinct()
    )
    window = CallingWindow.from_json(campaign.window)
    return [zone for zone in zones if window.is_open(now, zone)]
