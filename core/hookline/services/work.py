"""The agent's work: dial, skip, say what came of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hookline.db import locks
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import (
    AgentSession,
    Call,
    Campaign,
    CampaignContact,
    Contact,
    ContactNumber,
    Disposition,
)
from hookline.domain.access import Actor
from hookline.domain.agents import AgentEvent, AgentState, next_state
from hookline.domain.callbacks import CallbackWish
from hookline.domain.calls import OVER_FOR_AGENT
from hookline.domain.campaigns import Category, RecordState
from hookline.domain.dialling import AttemptOpen
from hookline.domain.events import CallDisposed
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.services import outcomes
from hookline.services.agent_moves import carry_on, move
from hookline.services.call_moves import refuse_other_call
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.gate import DialAsk, DialGate
from hookline.services.phones import normalise
from hookline.services.placing import Placer
from hookline.services.presenting import Presenter
from hookline.text import N_


class WorkService:
    """Carries out what agents decide about the contact that is presented to them."""

    def __init__(self, db: Database, gate: DialGate, placer: Placer, presenter: Presenter) -> None:
        self._db = db
        self._gate = gate
        self._placer = placer
        self._presenter = presenter

    # Dialling

    def dial(self, actor: Actor, number_id: int | None = None, record_id: int | None = None) -> int:
        """Dial the contact that is presented to the actor; returns the call's id.

        `record_id` is the one that his page shows: an old tab dials nobody else.

        Raises DialRefused with the reasons, AttemptOpen where somebody else is calling, TelephonyError where the
        backend cannot.
        """
        agent, record = self._presented(actor)
        _refuse_other_record(agent, record_id)
        with self._db.read() as session:
            number = _chosen_number(session, session.get_one(CampaignContact, record.id), number_id)
        decision = self._gate.decide(DialAsk(record.id, number, agent.user_id, "preview"))
        return self._placer.place(agent, record.id, decision)

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
            record = unit.session.get_one(CampaignContact, record_id)
            if record.owner_id not in (None, agent.user_id):
                raise AttemptOpen
            move(unit, agent, AgentEvent.RESERVE)
            agent.campaign_contact_id, agent.notice = record_id, ""
            record.state, record.owner_id, record.reserved_at = RecordState.RESERVED, agent.user_id, unit.clock.now()
        decision = self._gate.decide(DialAsk(record_id, number, agent.user_id, "manual"))
        return self._placer.place(agent, record_id, decision)

    def dial_contact(self, actor: Actor, campaign_id: int, contact_id: int, number_id: int) -> int:
        """Dial one of a contact's numbers, in a campaign where the actor is granted dialling by hand; the call's id.

        He need not see the number. Raises as `dial_by_hand`, NotFound for a number that is not the contact's.
        """
        with self._db.read() as session:
            number = session.get(ContactNumber, number_id)
            campaign = session.get(Campaign, campaign_id)
        if number is None or campaign is None or number.contact_id != contact_id:
            raise NotFound(N_("There is no such number."))
        if number.client_id != campaign.client_id:  # another client's: not to be told from one that is not there
            raise NotFound(N_("There is no such number."))
        return self.dial_by_hand(actor, campaign_id, number.e164)

    def _record_for_number(self, actor: Actor, campaign_id: int, text: str) -> tuple[int, str]:
        with self._db.write() as unit:
            campaign = campaign_in_scope(unit.session, actor.scope, campaign_id)
            country = campaign.allowed_countries[0] if campaign.allowed_countries else "PL"
            phone = normalise(text, country)
            locks.exclusive(unit.session, locks.contacts_of(campaign.client_id))
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
            return record.id, phone.e164

    # Skipping and disposing

    def skip(self, actor: Actor, reason: str, record_id: int | None = None) -> None:
        """Put the presented contact aside for an hour, with the reason; the next one is presented."""
        if not reason.strip():
            raise InvalidInput(N_("Say why you skip this contact."), fields={"reason": ["Choose or write a reason."]})
        with self._db.write() as unit:
            agent = _session_of(unit.session, actor)
            _refuse_other_record(agent, record_id)
            move(unit, agent, AgentEvent.RELEASE)
            record = unit.session.get_one(CampaignContact, agent.campaign_contact_id or 0)
            if outcomes.was_done(record):
                outcomes.give_back(unit, record)
            else:
                outcomes.after_skip(unit, record, reason.strip())
            agent.campaign_contact_id, agent.notice = None, ""
        self._presenter.present(agent.user_id)

    def dispose(
        self, actor: Actor, code: str, note: str = "", wish: CallbackWish | None = None, call_id: int | None = None
    ) -> None:
        """Record what came of the agent's call; he goes on (or pauses, or leaves, where he had asked to).

        `call_id` is the call that his page shows: an old tab disposes of no other.
        """
        with self._db.write() as unit:
            agent = _session_of(unit.session, actor)
            next_state(AgentState(agent.state), AgentEvent.DISPOSED)
            call = unit.session.get(Call, agent.call_id or 0)
            if call is None or call.state not in OVER_FOR_AGENT or call.disposed_at is not None:
                raise Conflict(N_("There is no call waiting for a disposition."))
            refuse_other_call(call, call_id)
            disposition = _disposition(unit.session, call.campaign_id, code)
            call.disposition_id, call.disposed_at, call.note = disposition.id, unit.clock.now(), note.strip()
            fate = outcomes.after_disposition(unit, call, disposition, wish)
            agent.call_id, agent.campaign_contact_id = None, None
            agent.notice = "" if fate.due_at is None else f"retry:{fate.due_at.isoformat()}"
            unit.emit(_disposed(call, disposition))
            move(unit, agent, AgentEvent.DISPOSED, agent.pause_reason)
            carry_on(unit, agent)
        self._presenter.present(agent.user_id)

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
        if not actor.scope.covers_campaign(record.client_id, record.campaign_id):
            raise Conflict(N_("You do not work in this campaign any more."), N_("Skip the contact."))
        return agent, record


def _refuse_other_record(agent: AgentSession, seen_id: int | None) -> None:
    if seen_id is not None and seen_id != agent.campaign_contact_id:
        raise Conflict(N_("Another contact is presented to you by now."), N_("Reload the page."))


def _put_back_presented(unit: UnitOfWork, agent: AgentSession) -> None:
    """The agent turns from the contact that was presented to him: it goes back as it was."""
    if agent.state != AgentState.RESERVED or agent.campaign_contact_id is None:
        return
    outcomes.give_back(unit, unit.session.get_one(CampaignContact, agent.campaign_contact_id))
    move(unit, agent, AgentEvent.RELEASE)
    agent.campaign_contact_id = None


def _chosen_number(session: Session, record: CampaignContact, number_id: int | None) -> str:
    """The number the agent picked; where he picked none, the one that the retry rules say."""
    if number_id is None:
        number = outcomes.next_number(session, record)
    else:
        number = next((n.e164 for n in record.contact.numbers if n.id == number_id), None)
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
