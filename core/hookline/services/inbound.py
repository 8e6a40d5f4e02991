"""Calls that come in: each line has one inbound campaign, whose longest-ready agent gets the caller.

The caller is known by his number, or becomes a contact of the campaign's client: what was spoken is never nameless.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db import locks
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Call, Campaign, CampaignContact, Contact, ContactNumber, Leg
from hookline.domain.calls import CallState
from hookline.domain.campaigns import CampaignState, RecordState
from hookline.domain.events import CallRang
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import CallOffered, TelephonyBackend
from hookline.services.call_moves import hang_up_leg, whom
from hookline.services.offers import OfferService
from hookline.services.phones import time_zone_of

log = structlog.get_logger(__name__)


class InboundService:
    """Takes in what backends offer."""

    def __init__(self, db: Database, hooks: Hooks, offers: OfferService) -> None:
        self._db = db
        self._hooks = hooks
        self._offers = offers
        self._closed = False

    def close(self) -> None:
        """Refuse every call from now on: the engine is about to stop."""
        self._closed = True

    def on_offered(self, event: CallOffered) -> None:
        """Somebody calls in: find his campaign and contact, and an agent. Where no campaign takes it he is refused."""
        found = self._backend_of(event)
        if found is None or self._closed:
            log.warning("a call came in that nobody takes", line=event.line, closed=self._closed)
            for backend in self._hooks.backends().values() if found is None else [found]:
                hang_up_leg(backend, event.leg_id)
            return
        with self._db.write() as unit:
            campaign = _campaign_for(unit.session, event, found.name)
            call = _take_in(unit, campaign, event) if campaign is not None else None
        if call is None:
            log.warning("no running inbound campaign takes calls of this line", line=event.line)
            hang_up_leg(found, event.leg_id)
            return
        self._offers.ring_or_regret(call)

    def _backend_of(self, event: CallOffered) -> TelephonyBackend | None:
        backends = self._hooks.backends().values()
        return next((b for b in backends if event.line in b.inbound_lines(event.client_id)), None)


def _campaign_for(session: Session, event: CallOffered, backend: str) -> Campaign | None:
    """The running inbound campaign of this line, or one that takes any line."""
    inbound = select(Campaign).where(
        Campaign.direction == "inbound",
        Campaign.state == CampaignState.RUNNING.value,
        Campaign.backend == backend,
        Campaign.line.in_([event.line, ""]),
    )
    if event.client_id is not None:
        inbound = inbound.where(Campaign.client_id == event.client_id)
    return session.scalars(inbound.order_by(Campaign.line.desc(), Campaign.priority.desc(), Campaign.id)).first()


def _take_in(unit: UnitOfWork, campaign: Campaign, event: CallOffered) -> Call:
    record = record_of_number(unit, campaign, event.number)
    call = Call(
        client_id=campaign.client_id,
        campaign_id=campaign.id,
        campaign_contact_id=record.id,
        contact_id=record.contact_id,
        direction="inbound",
        number=event.number,
        caller_id=event.dialled,
        backend=campaign.backend,
        conversation_id=event.conversation_id,
        customer_leg_id=event.leg_id,
        line=event.line,
        headers=dict(event.headers),
        state=CallState.QUEUED.value,
        queued_at=event.at,
    )
    unit.session.add(call)
    unit.session.flush()
    unit.session.add(Leg(id=event.leg_id, call_id=call.id, kind="customer", started_at=event.at))
    unit.session.flush()
    unit.emit(CallRang(**whom(call)))
    return call


def record_of_number(unit: UnitOfWork, campaign: Campaign, e164: str) -> CampaignContact:
    """The campaign's record of whoever has this number; both are made where there is none. "": of nobody known."""
    locks.exclusive(unit.session, locks.contacts_of(campaign.client_id))
    contact_id = _contact_of(unit, campaign, e164)
    record = unit.session.scalar(
        select(CampaignContact).where(
            CampaignContact.campaign_id == campaign.id, CampaignContact.contact_id == contact_id
        )
    )
    if record is None:
        record = CampaignContact(
            campaign_id=campaign.id,
            contact_id=contact_id,
            client_id=campaign.client_id,
            state=RecordState.DONE,  # he calls us: nobody has to call him, unless somebody promises to
            updated_at=unit.clock.now(),
        )
        unit.session.add(record)
        unit.session.flush()
    return record


def _contact_of(unit: UnitOfWork, campaign: Campaign, e164: str) -> int:
    known = select(ContactNumber.contact_id).where(
        ContactNumber.client_id == campaign.client_id, ContactNumber.e164 == e164
    )
    if e164 and (found := unit.session.scalar(known)) is not None:
        return found
    now = unit.clock.now()
    zone = time_zone_of(e164) if e164 else "Europe/Warsaw"
    contact = Contact(client_id=campaign.client_id, time_zone=zone, created_at=now, updated_at=now)
    contact.numbers = [ContactNumber(client_id=campaign.client_id, e164=e164)] if e164 else []
    unit.session.add(contact)
    unit.session.flush()
    return contact.id
