"""Consents: recorded, withdrawn, looked up, and asked before every marketing call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Attempt, Campaign, Contact, ContactNumber, User
from hookline.domain.access import Actor
from hookline.domain.campaigns import Category, Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.domain.results import DisposedCall
from hookline.errors import InvalidInput, NotFound
from hookline.services.revocation import hold_dialling, revoke_open_attempts
from hookline.text import N_
from hookline_gdpr.errors import ConsentOverruled
from hookline_gdpr.models import Consent
from hookline_gdpr.permissions import MANAGE, VIEW
from hookline_gdpr.reach import contact_in_scope
from hookline_gdpr.rules import (
    CHANNEL,
    ConsentState,
    end_of_day,
    last_day,
    local_day,
    refusal_for,
    start_of_day,
    state_of,
)

MARKETING = Purpose.MARKETING.value


@dataclass(frozen=True)
class ConsentView:
    """A consent as pages show it; `given` and `valid_through` are days (and times) where the contact is."""

    consent: Consent
    state: ConsentState
    recorded_by: str
    given: str
    valid_through: str


class ConsentService:
    """Everything the plugin does with consents, for people, for the dial gate and for the import."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # The dial gate

    def refusals(self, request: DialRequest) -> list[Refusal]:
        """Why this attempt may not be made: marketing needs a consent that is valid now. Only reads."""
        if request.purpose is not Purpose.MARKETING:
            return []
        with self._db.read() as session:
            consents = _consents(session, request.client_id, request.contact_id)
        refusal = refusal_for(consents, request.at, request.time_zone)
        return [refusal] if refusal else []

    def on_disposed(self, call: DisposedCall) -> None:
        """The contact asked not to be called again, or the last of his numbers proved wrong: his marketing consents are
        withdrawn. Safe to run twice.

        Consents are the contact's. While another number of his is left they are for that one; with the last one they
        go, so that whoever is reached by a number that is added later has not consented.
        """
        if call.category is Category.DO_NOT_CALL:
            self._end_all(call, N_("asked in a call not to be called again"))
        elif call.category is Category.WRONG_NUMBER and not self._has_number(call.contact_id):
            self._end_all(call, N_("every number of the contact proved wrong"))

    def _end_all(self, call: DisposedCall, because: str) -> None:
        with self._db.write() as unit:
            _withdraw_all(unit, call.client_id, call.contact_id, because, call.agent_id, call.at)

    def _has_number(self, contact_id: int) -> bool:
        valid = select(ContactNumber.id).where(ContactNumber.contact_id == contact_id, ContactNumber.state == "valid")
        with self._db.read() as session:
            return session.scalar(valid.limit(1)) is not None

    # People

    def contact(self, actor: Actor, contact_id: int) -> Contact:
        """The contact whose consents are meant; NotFound outside the actor's scope."""
        actor.require(VIEW)
        with self._db.read() as session:
            return contact_in_scope(session, actor.scope, contact_id)

    def consents_of(self, actor: Actor, contact_id: int) -> list[ConsentView]:
        """The contact's consents, newest first."""
        contact, now = self.contact(actor, contact_id), self._db.clock.now()
        with self._db.read() as session:
            rows = session.execute(
                select(Consent, User.display_name)
                .outerjoin(User, User.id == Consent.recorded_by)
                .where(Consent.contact_id == contact.id, Consent.client_id == contact.client_id)
                .order_by(Consent.given_at.desc(), Consent.id.desc())
            )
            return [_view(consent, state_of(consent, now), by or "", contact.time_zone) for consent, by in rows]

    def objection(self, contact: Contact) -> Refusal | None:
        """Why the contact may not be called for marketing now; None where nothing here stands against it."""
        with self._db.read() as session:
            consents = _consents(session, contact.client_id, contact.id)
        return refusal_for(consents, self._db.clock.now(), contact.time_zone)

    def give(self, actor: Actor, contact_id: int, data: Mapping[str, Any]) -> int:
        """Record a consent to marketing calls (`data` as ConsentSchema loads it); returns its id.

        Raises InvalidInput for dates that cannot be, ConsentOverruled where the contact withdrew later.
        """
        actor.require(MANAGE)
        with self._db.write() as unit:
            contact = contact_in_scope(unit.session, actor.scope, contact_id)
            return record(unit, contact, data, actor.user_id)[0].id

    def withdraw(self, actor: Actor, consent_id: int, because: str) -> int:
        """Withdraw a consent, and every other of the same contact, client and purpose; returns the contact's id.

        What the contact withdraws is his wish to be called, not a row. Attempts not yet placed are revoked.
        """
        actor.require(MANAGE)
        with self._db.write() as unit:
            consent = unit.session.get(Consent, consent_id)
            if consent is None:
                raise NotFound(N_("There is no such consent."))
            contact_in_scope(unit.session, actor.scope, consent.contact_id)
            _withdraw_all(unit, consent.client_id, consent.contact_id, because.strip(), actor.user_id, unit.clock.now())
            return consent.contact_id


def record(
    unit: UnitOfWork, contact: Contact, data: Mapping[str, Any], recorded_by: int | None
) -> tuple[Consent, bool]:
    """Store a consent of the contact in this transaction; says whether it is new or the very same was there already."""
    zone, now = contact.time_zone, unit.clock.now()
    given_at = _moment(data["given_at"], zone, end=False)
    valid_until = _moment(data["valid_until"], zone, end=True) if data["valid_until"] is not None else None
    if given_at > now:
        raise _wrong("given_at", N_("A consent cannot have been given in the future."))
    if valid_until is not None and valid_until <= given_at:
        raise _wrong("valid_until", N_("It would end before it was given."))
    present = _consents(unit.session, contact.client_id, contact.id)
    for known in present:
        if (known.given_at, known.wording) == (given_at, data["wording"].strip()):
            return known, False
    withdrawn = max((c.withdrawn_at for c in present if c.withdrawn_at is not None), default=None)
    if withdrawn is not None and given_at <= withdrawn:
        raise ConsentOverruled(local_day(withdrawn, zone))
    consent = Consent(
        client_id=contact.client_id,
        contact_id=contact.id,
        purpose=MARKETING,
        channel=CHANNEL,
        wording=data["wording"].strip(),
        wording_version=data["wording_version"].strip(),
        evidence=data["evidence"].strip(),
        given_at=given_at,
        valid_until=valid_until,
        recorded_at=now,
        recorded_by=recorded_by,
    )
    unit.session.add(consent)
    unit.session.flush()
    return consent, True


def _view(consent: Consent, state: ConsentState, by: str, zone: str) -> ConsentView:
    local = consent.given_at.astimezone(ZoneInfo(zone))
    given = f"{local:%Y-%m-%d}" if local.time() == time.min else f"{local:%Y-%m-%d %H:%M}"
    through = last_day(consent.valid_until, zone) if consent.valid_until else ""
    return ConsentView(consent, state, by, given, through)


def _consents(session: Session, client_id: int, contact_id: int) -> list[Consent]:
    return list(
        session.scalars(
            select(Consent).where(
                Consent.client_id == client_id,
                Consent.contact_id == contact_id,
                Consent.purpose == MARKETING,
                Consent.channel == CHANNEL,
            )
        )
    )


def _withdraw_all(
    unit: UnitOfWork, client_id: int, contact_id: int, because: str, by: int | None, at: datetime
) -> None:
    hold_dialling(unit)
    # One given after this moment is a new consent: a disposition that is told late must not undo it.
    open_ones = [
        consent
        for consent in _consents(unit.session, client_id, contact_id)
        if consent.withdrawn_at is None and consent.given_at <= at
    ]
    for consent in open_ones:
        consent.withdrawn_at, consent.withdrawn_because, consent.withdrawn_by = at, because, by
    if open_ones:
        _revoke_marketing(unit, client_id, contact_id)


def _revoke_marketing(unit: UnitOfWork, client_id: int, contact_id: int) -> None:
    campaigns = unit.session.scalars(
        select(Campaign.id)
        .join(Attempt, Attempt.campaign_id == Campaign.id)
        .where(Campaign.client_id == client_id, Campaign.purpose == MARKETING)
        .where(Attempt.contact_id == contact_id, Attempt.closed_at.is_(None))
    ).all()
    because = N_("the consent to marketing calls was withdrawn")
    for campaign in campaigns:
        revoke_open_attempts(unit, contact_id=contact_id, campaign_id=campaign, because=because)


def _moment(value: Any, zone: str, *, end: bool) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))
    return end_of_day(value, zone) if end else start_of_day(value, zone)


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, N_("Mend the date and send again."), {field: [message]})
