"""A campaign's contacts with their standing ("rekordy"), as its page lists them and the command line finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import Session, selectinload

from hookline.db.database import Database
from hookline.db.models import Campaign, CampaignContact, CampaignList, Contact, ContactList, ContactNumber, Disposition
from hookline.domain.access import Scope
from hookline.domain.campaigns import RecordState
from hookline.errors import Conflict, NotFound
from hookline.services import keyset
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.figures import campaigns_within
from hookline.services.keyset import Cursor, KeysetPage
from hookline.services.phones import InvalidPhone, normalise
from hookline.text import N_

PAGE_SIZE = 50
_MOST_MATCHES = 5


@dataclass(frozen=True)
class RecordLine:
    """A campaign contact in a list."""

    record: CampaignContact
    contact: Contact
    disposition: Disposition | None


class RecordReadService:
    """Finds campaigns' contacts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def list_records(
        self,
        scope: Scope,
        campaign_id: int,
        *,
        state: RecordState | None = None,
        text: str = "",
        cursor: Cursor | None = None,
        size: int = PAGE_SIZE,
    ) -> KeysetPage[RecordLine]:
        """The campaign's contacts in the order they joined; `text` is part of a name, an external id or a number."""
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
            query = _lines(campaign_id)
            if state is not None:
                query = query.where(CampaignContact.state == state.value)
            if text.strip():
                query = query.where(_matches(text, _countries(session, campaign)))
            rows, before, after = keyset.fetch(session, query, CampaignContact.id, cursor or Cursor(), size)
        lines = [RecordLine(*row) for row in rows]
        return keyset.page(lines, before, after, lambda line: line.record.id)

    def contact(self, scope: Scope, campaign_id: int, contact_id: int) -> Contact:
        """One of the campaign's contacts, with its numbers; raises NotFound."""
        with self._db.read() as session:
            campaign_in_scope(session, scope, campaign_id)
            row = session.execute(_lines(campaign_id).where(Contact.id == contact_id)).first()
        if row is None:
            raise NotFound(N_("There is no such contact in this campaign."))
        found: Contact = row[1]
        return found

    def find_campaign(self, scope: Scope, text: str) -> Campaign:
        """The campaign with this id or name; raises NotFound, or Conflict where two clients have one of that name."""
        with self._db.read() as session:
            query = select(Campaign).where(campaigns_within(scope))
            named = query.where(func.lower(Campaign.name) == text.strip().lower()).order_by(Campaign.id)
            by_name = session.scalars(named).all()
            by_id = session.scalar(query.where(Campaign.id == _number(text)))
        if by_id is not None:
            return by_id
        if len(by_name) > 1:
            raise Conflict(
                N_("Several campaigns have this name."),
                N_("Name it by its id: %(ids)s."),
                params={"ids": ", ".join(str(c.id) for c in by_name)},
            )
        if not by_name:
            raise NotFound(N_("There is no such campaign."), N_("`hookline campaigns list` shows all of them."))
        return by_name[0]

    def find_contact(self, scope: Scope, campaign_id: int, text: str) -> Contact:
        """The campaign's contact with this id, external id or number; raises NotFound, or Conflict for several."""
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
            exact = or_(
                Contact.id == _number(text),
                Contact.external_id == text.strip(),
                Contact.id.in_(_with_number(text, _countries(session, campaign))),
            )
            query = _lines(campaign_id).where(exact).order_by(Contact.id).limit(_MOST_MATCHES)
            found: list[Contact] = [row[1] for row in session.execute(query)]
        if len(found) > 1:
            raise Conflict(
                N_("This fits several contacts of the campaign."),
                N_("Name one by its number. Their ids: %(ids)s."),
                params={"ids": ", ".join(str(c.id) for c in found)},
            )
        if not found:
            raise NotFound(
                N_("There is no such contact in this campaign."),
                N_("Name it by its id, its external id, or a phone number."),
            )
        return found[0]


def _lines(campaign_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(CampaignContact, Contact, Disposition)
        .join(Contact, Contact.id == CampaignContact.contact_id)
        .outerjoin(Disposition, Disposition.id == CampaignContact.disposition_id)
        .where(CampaignContact.campaign_id == campaign_id)
        .options(selectinload(Contact.numbers))
    )


def _matches(text: str, countries: list[str]) -> ColumnElement[bool]:
    typed = _escaped(text.strip())
    name = Contact.first_name + " " + Contact.last_name + " " + Contact.company
    # SQLite's lower() knows ASCII only: "łu" is looked for as it was typed and as names begin.
    spellings = {typed.lower(), typed, typed.title()}
    return or_(
        *(func.lower(name).like(f"%{part}%", escape="\\") for part in spellings),
        *(name.like(f"%{part}%", escape="\\") for part in spellings),
        func.lower(Contact.external_id).like(f"%{typed.lower()}%", escape="\\"),
        Contact.id.in_(_with_number(text, countries)),
    )


def _with_number(text: str, countries: list[str]) -> Select[int]:
    numbers = set()
    for country in countries or ["PL"]:
        try:
            numbers.add(normalise(text, country).e164)
        except InvalidPhone:
            continue
    return select(ContactNumber.contact_id).where(ContactNumber.e164.in_(numbers) if numbers else ~true())


def _countries(session: Session, campaign: Campaign) -> list[str]:
    """Countries by which a number without a prefix is read: those of the campaign's lists."""
    return list(
        session.scalars(
            select(ContactList.country)
            .join(CampaignList, CampaignList.list_id == ContactList.id)
            .where(CampaignList.campaign_id == campaign.id)
            .distinct()
        )
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _number(text: str) -> int:
    """The id that the text names; 0, which no row has, where it is none."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else 0
