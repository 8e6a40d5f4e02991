"""The overview: how the consents of each client stand, and a search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from hookline.db.database import Database
from hookline.db.models import Client, Contact, ContactNumber
from hookline.domain.access import Actor
from hookline.services.reach import contacts_within
from hookline_gdpr.models import Consent
from hookline_gdpr.permissions import MANAGE
from hookline_gdpr.rules import ConsentState, local_day, state_of

PAGE = 100


@dataclass(frozen=True)
class ClientCounts:
    """How many consents of a client count now, have expired, were withdrawn."""

    client_id: int
    client: str
    valid: int
    expired: int
    withdrawn: int


@dataclass(frozen=True)
class FoundConsent:
    """A line of the search's result."""

    consent: Consent
    state: ConsentState
    contact: str
    client: str
    number: str
    given: str


@dataclass(frozen=True)
class Found:
    """What the search found; at most PAGE `rows` of `total`."""

    rows: list[FoundConsent]
    total: int


class Overview:
    """Asked by those who manage consents, within their clients."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def counts(self, actor: Actor) -> list[ClientCounts]:
        """Consents by client and standing, by the client's name; clients without any are there with zeros."""
        actor.require(MANAGE)
        now = self._db.clock.now()
        sums = [func.coalesce(func.sum(case((_is(state, now), 1), else_=0)), 0) for state in _SHOWN]
        query = (
            select(Client.id, Client.name, *sums)
            .outerjoin(Consent, Consent.client_id == Client.id)
            .group_by(Client.id, Client.name)
            .order_by(Client.name)
        )
        if actor.scope.clients is not None:
            query = query.where(Client.id.in_(actor.scope.clients))
        with self._db.read() as session:
            return [ClientCounts(*row) for row in session.execute(query)]

    def search(self, actor: Actor, text: str, client_id: int | None, state: ConsentState | None) -> Found:
        """Consents by words of the contact's name or digits of a number; newest first."""
        actor.require(MANAGE)
        now = self._db.clock.now()
        query: Select[Any] = select(Consent).join(Contact).where(contacts_within(actor.scope))
        if client_id is not None:
            query = query.where(Consent.client_id == client_id)
        if state is not None:
            query = query.where(_is(state, now))
        query = _matching(query, text)
        with self._db.read() as session:
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            rows = session.scalars(
                query.options(joinedload(Consent.contact).selectinload(Contact.numbers))
                .order_by(Consent.given_at.desc(), Consent.id.desc())
                .limit(PAGE)
            ).all()
            names = {row.id: row.name for row in session.execute(select(Client.id, Client.name))}
            return Found([_found(row, names, now) for row in rows], total)


_SHOWN = (ConsentState.VALID, ConsentState.EXPIRED, ConsentState.WITHDRAWN)


def _is(state: ConsentState, now: datetime) -> ColumnElement[bool]:
    """The same rule as `rules.state_of`, in SQL."""
    if state is ConsentState.WITHDRAWN:
        return Consent.withdrawn_at.is_not(None)
    standing = and_(Consent.withdrawn_at.is_(None), Consent.given_at <= now)
    if state is ConsentState.EXPIRED:
        return and_(standing, Consent.valid_until <= now)
    return and_(standing, or_(Consent.valid_until.is_(None), Consent.valid_until > now))


def _matching(query: Select[Any], text: str) -> Select[Any]:
    text = text.strip()[:80]
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 3 and re.fullmatch(r"[\d\s()+.\-]+", text):
        numbers = select(ContactNumber.contact_id).where(ContactNumber.e164.contains(digits.lstrip("0")))
        return query.where(Consent.contact_id.in_(numbers))
    for word in text.split():
        # SQLite's LIKE ignores case for ASCII letters only, and names here have others.
        forms = {word, word.lower(), word.upper(), word.capitalize()}
        columns = (Contact.first_name, Contact.last_name, Contact.company)
        query = query.where(or_(*(c.icontains(form, autoescape=True) for c in columns for form in forms)))
    return query


def _found(consent: Consent, clients: dict[int, str], now: datetime) -> FoundConsent:
    number = next((n.e164 for n in consent.contact.numbers), "")
    given = local_day(consent.given_at, consent.contact.time_zone)
    return FoundConsent(
        consent, state_of(consent, now), consent.contact.name, clients[consent.client_id], number, given
    )
