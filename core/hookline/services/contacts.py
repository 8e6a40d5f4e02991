"""Contacts as people see and change them: within their scope, with numbers masked where they may not see them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from hookline.db import locks
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import (
    CampaignContact,
    Client,
    Contact,
    ContactList,
    ContactNumber,
    ContactTag,
    CustomField,
    ListContact,
    ListField,
    Suppression,
)
from hookline.domain.access import Actor, Role, mask_number
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.services.contact_search import ContactFilters, find, ids_with_numbers_seen
from hookline.services.contact_views import ContactPage, ContactRow, ContactView, NumberView, standings_of
from hookline.services.custom_field_kinds import FieldKind, FieldType
from hookline.services.phones import normalise
from hookline.services.reach import contacts_within
from hookline.services.revocation import revoke_open_attempts
from hookline.services.suppression_check import binding
from hookline.text import N_

#: What may be edited, with the longest text each takes.
EDITABLE = {
    "first_name": 120,
    "last_name": 120,
    "company": 200,
    "email": 200,
    "city": 120,
    "region": 120,
    "language": 10,
    "notes": 10_000,
    "time_zone": 60,
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]{2,}")


class ContactService:
    """Finds, shows and changes contacts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Finding

    def search(
        self,
        actor: Actor,
        query: str = "",
        *,
        client_id: int | None = None,
        campaign_id: int | None = None,
        list_id: int | None = None,
        tag: str = "",
        after: int = 0,
        limit: int = 50,
    ) -> ContactPage:
        """Contacts with the words of `query` in name, company, e-mail, identifier, city, notes or tags, or its digits
        in a number; accents and capitals do not matter.

        A list or campaign outside the actor's scope holds nothing for him. Numbers are searched only where the actor
        sees them. `after` (a contact's id) goes on with the next page.
        """
        actor.require("contacts.view")
        wanted = ContactFilters(client_id, list_id, campaign_id, tag=tag, query=query)
        with self._db.read() as session:
            ids = find(session, actor, wanted, after, limit + 1)
            asked = select(Contact).where(Contact.id.in_(ids[:limit])).order_by(Contact.id)
            found = session.scalars(asked.options(selectinload(Contact.numbers))).all()
            owners = select(Client.id, Client.name).where(Client.id.in_({contact.client_id for contact in found}))
            clients = {row[0]: row[1] for row in session.execute(owners)}
            seen = ids_with_numbers_seen(session, actor, ids[:limit])
        rows = [_row(contact, clients[contact.client_id], contact.id in seen) for contact in found]
        return ContactPage(tuple(rows), ids[limit - 1] if len(ids) > limit else None)

    def get(self, actor: Actor, contact_id: int) -> ContactView:
        """Everything about one contact that the actor may see; raises NotFound outside his scope."""
        actor.require("contacts.view")
        with self._db.read() as session:
            contact = _reachable(session, actor, contact_id)
            client = session.get_one(Client, contact.client_id)
            standings = standings_of(session, actor, contact_id)
            sees = bool(ids_with_numbers_seen(session, actor, [contact_id]))
            campaigns = [s.campaign_id for s in standings]
            suppressed = _suppressed(session, contact, campaigns, self._db.clock.now())
            lists = session.execute(
                select(ContactList.id, ContactList.name)
                .join(ListContact, ListContact.list_id == ContactList.id)
                .where(ListContact.contact_id == contact_id)
                .order_by(ContactList.name)
            ).all()
            may_edit = _may_edit(session, actor, contact_id)
            tags = session.scalars(select(ContactTag.tag).where(_tags_of(contact_id)).order_by(ContactTag.tag)).all()
            types = field_types(session, contact_id)
            labels = session.execute(
                select(CustomField.key, CustomField.label).where(
                    CustomField.client_id == contact.client_id, CustomField.label != ""
                )
            )
            titles = {row[0]: row[1] for row in labels}
        return ContactView(
            contact=contact,
            client_name=client.name,
            numbers=tuple(_number_view(n, sees, suppressed.get(n.e164, "")) for n in contact.numbers),
            lists=tuple((row[0], row[1]) for row in lists),
            standings=tuple(standings),
            sees_numbers=sees,
            may_edit=may_edit,
            local_time=self._db.clock.now().astimezone(_zone(contact.time_zone)),
            tags=tuple(tags),
            field_types=types,
            field_titles=titles,
        )

    # Changing

    def edit(
        self,
        actor: Actor,
        contact_id: int,
        changes: Mapping[str, str],
        custom: Mapping[str, str] | None = None,
        *,
        seen: datetime | None = None,
    ) -> None:
        """Change fields (see `EDITABLE`) and custom fields; an empty custom value removes the field.

        `seen` is the contact's `updated_at` as whoever changes it saw it: raises Conflict where somebody changed it
        since. Raises NotFound, NotPermitted, InvalidInput with each field's message; then nothing is changed.
        """
        checked = _checked(changes)
        with self._db.write() as unit:
            contact = _editable(unit.session, actor, contact_id)
            if seen is not None and seen != contact.updated_at:
                raise Conflict(
                    N_("Somebody changed this contact while you were editing it."),
                    N_("Look at what it says now, below your text, and save again to keep yours."),
                )
            if custom is not None:
                custom = _typed(field_types(unit.session, contact_id), custom)
            for name, value in checked.items():
                setattr(contact, name, value)
            if custom is not None:
                kept = {**contact.custom, **{name.strip(): value.strip() for name, value in custom.items()}}
                contact.custom = {name: value for name, value in kept.items() if name and value}
            contact.updated_at = unit.clock.now()

    def add_number(self, actor: Actor, contact_id: int, text: str) -> int:
        """Add a number, written nationally or with its prefix; its id. Raises InvalidPhone, Conflict."""
        with self._db.write() as unit:
            _hold_numbers(unit.session, contact_id)
            contact = _editable(unit.session, actor, contact_id)
            phone = normalise(text, _country(unit.session, contact))
            holder = unit.session.scalar(
                select(ContactNumber.contact_id).where(
                    ContactNumber.client_id == contact.client_id, ContactNumber.e164 == phone.e164
                )
            )
            if holder is not None:
                raise Conflict(
                    N_("This contact already has the number.")
                    if holder == contact_id
                    else N_("Another contact of this client has the number."),
                    N_("A number belongs to one contact of a client."),
                )
            last = max((n.position for n in contact.numbers), default=-1)
            added = ContactNumber(client_id=contact.client_id, e164=phone.e164, position=last + 1)
            contact.numbers.append(added)
            contact.updated_at = unit.clock.now()
            unit.session.flush()
            return added.id

    def remove_number(self, actor: Actor, contact_id: int, number_id: int) -> None:
        """Take a number away; attempts to it that are not yet placed are revoked. The last one stays."""
        with self._db.write() as unit:
            contact, number = _editable_number(unit, actor, contact_id, number_id)
            if len(contact.numbers) == 1:
                raise Conflict(
                    N_("This is the contact's only number."), N_("Add the right number first, then remove this one.")
                )
            revoke_open_attempts(
                unit, number=number.e164, contact_id=contact_id, because="the number was removed from the contact"
            )
            contact.numbers.remove(number)
            contact.updated_at = unit.clock.now()

    def set_number_state(self, actor: Actor, contact_id: int, number_id: int, valid: bool) -> None:
        """Mark a number as wrong (it is not presented again) or as valid."""
        with self._db.write() as unit:
            contact, number = _editable_number(unit, actor, contact_id, number_id)
            number.state = "valid" if valid else "wrong"
            if not valid:
                revoke_open_attempts(
                    unit, number=number.e164, contact_id=contact_id, because="the number was marked as wrong"
                )
            contact.updated_at = unit.clock.now()

    def set_tags(self, actor: Actor, contact_id: int, tags: Sequence[str]) -> None:
        """File the contact under these tags and no others; each has at most 60 characters."""
        wanted = {" ".join(tag.split()) for tag in tags} - {""}
        if any(len(tag) > 60 for tag in wanted) or len(wanted) > 50:
            raise InvalidInput(
                N_("A contact has at most 50 tags of at most 60 characters."),
                fields={"tags": [N_("Write shorter or fewer tags, separated by commas.")]},
            )
        with self._db.write() as unit:
            contact = _editable(unit.session, actor, contact_id)
            held = {row.tag: row for row in unit.session.scalars(select(ContactTag).where(_tags_of(contact_id)))}
            for tag in held.keys() - wanted:
                unit.session.delete(held[tag])
            for tag in sorted(wanted - held.keys()):
                unit.session.add(ContactTag(contact_id=contact_id, tag=tag, client_id=contact.client_id))
            contact.updated_at = unit.clock.now()

    def tags(self, actor: Actor, limit: int = 200) -> list[str]:
        """Tags that contacts of the actor's clients have, in the alphabet's order; none for agents."""
        actor.require("contacts.view")
        if actor.scope.campaigns is not None:
            return []
        asked = select(ContactTag.tag).distinct().order_by(ContactTag.tag).limit(limit)
        if actor.scope.clients is not None:
            asked = asked.where(ContactTag.client_id.in_(actor.scope.clients))
        with self._db.read() as session:
            return list(session.scalars(asked))


def field_types(session: Session, contact_id: int) -> dict[str, FieldType]:
    """The types of the contact's custom fields: what its lists say of them, the newest list first."""
    found = session.scalars(
        select(ListField)
        .join(ListContact, ListContact.list_id == ListField.list_id)
        .where(ListContact.contact_id == contact_id)
        .order_by(ListField.list_id)
    )
    return {row.key: FieldType(FieldKind(row.kind), tuple(row.choices)) for row in found}


def _typed(types: Mapping[str, FieldType], custom: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    for key, value in custom.items():
        fitting = types[key].kept(value) if key in types else value
        if fitting is None:
            wrong[f"custom-{key}"] = [N_("This does not fit the field's type.")]
        else:
            kept[key] = fitting
    if wrong:
        raise InvalidInput(N_("Some fields need another look."), N_("Mend the marked fields and send again."), wrong)
    return kept


def _tags_of(contact_id: int) -> ColumnElement[bool]:
    return ContactTag.contact_id == contact_id


def _hold_numbers(session: Session, contact_id: int) -> None:
    """Nobody else gives a number to a contact of the same client until the end of the block."""
    client_id = session.scalar(select(Contact.client_id).where(Contact.id == contact_id))
    if client_id is not None:
        locks.exclusive(session, locks.contacts_of(client_id))


def _reachable(session: Session, actor: Actor, contact_id: int) -> Contact:
    contact = session.scalar(
        select(Contact)
        .where(Contact.id == contact_id, contacts_within(actor.scope))
        .options(selectinload(Contact.numbers))
    )
    if contact is None:
        raise NotFound(N_("There is no such contact."), N_("Search for the name or the number."))
    return contact


def _may_edit(session: Session, actor: Actor, contact_id: int) -> bool:
    if not actor.can("contacts.edit"):
        return False
    if actor.role is not Role.AGENT:
        return True
    granted = [campaign_id for campaign_id, grant in actor.grants.items() if grant.edit_contacts]
    found = select(CampaignContact.id).where(
        CampaignContact.contact_id == contact_id, CampaignContact.campaign_id.in_(granted)
    )
    return session.scalar(found.limit(1)) is not None


def _editable(session: Session, actor: Actor, contact_id: int) -> Contact:
    contact = _reachable(session, actor, contact_id)
    if not _may_edit(session, actor, contact_id):
        raise NotPermitted(
            N_("You are not permitted to change this contact."), N_("Ask your administrator for the grant.")
        )
    return contact


def _editable_number(unit: UnitOfWork, actor: Actor, contact_id: int, number_id: int) -> tuple[Contact, ContactNumber]:
    contact = _editable(unit.session, actor, contact_id)
    for number in contact.numbers:
        if number.id == number_id:
            return contact, number
    raise NotFound(N_("The contact has no such number."))


def _country(session: Session, contact: Contact) -> str:
    """The country of the contact's lists, by which a number without a prefix is read."""
    found = session.scalar(
        select(ContactList.country)
        .join(ListContact, ListContact.list_id == ContactList.id)
        .where(ListContact.contact_id == contact.id)
        .limit(1)
    )
    return found or "PL"


def _checked(changes: Mapping[str, str]) -> dict[str, str]:
    checked = {name: value.strip() for name, value in changes.items() if name in EDITABLE}
    wrong: dict[str, list[str]] = {}
    for name, value in checked.items():
        if len(value) > EDITABLE[name]:
            wrong[name] = [N_("This is too long.")]
    if checked.get("email") and not _EMAIL.fullmatch(checked["email"]):
        wrong["email"] = [N_("This is not an e-mail address.")]
    if "time_zone" in checked and not _is_zone(checked["time_zone"]):
        wrong["time_zone"] = [N_("Choose a time zone, like Europe/Warsaw.")]
    if wrong:
        raise InvalidInput(N_("Some fields need another look."), N_("Mend the marked fields and send again."), wrong)
    return checked


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name if _is_zone(name) else "UTC")


def _suppressed(session: Session, contact: Contact, campaign_ids: Sequence[int], now: datetime) -> dict[str, str]:
    """Numbers of the contact on a suppression list that binds its client or these campaigns, with the reason."""
    numbers = [number.e164 for number in contact.numbers]
    asked = select(Suppression.e164, Suppression.reason).where(Suppression.e164.in_(numbers))
    return {row[0]: row[1] for row in session.execute(asked.where(binding(contact.client_id, campaign_ids, now)))}


def _number_view(number: ContactNumber, sees: bool, suppressed: str) -> NumberView:
    return NumberView(
        id=number.id,
        shown=number.e164 if sees else mask_number(number.e164),
        state=number.state,
        last_result=number.last_result,
        suppressed=suppressed,
    )


def _row(contact: Contact, client_name: str, sees: bool) -> ContactRow:
    first = contact.numbers[0].e164 if contact.numbers else ""
    return ContactRow(
        id=contact.id,
        name=contact.name,
        company=contact.company,
        city=contact.city,
        client_name=client_name,
        external_id=contact.external_id or "",
        number=first if sees or not first else mask_number(first),
        more_numbers=max(len(contact.numbers) - 1, 0),
    )
