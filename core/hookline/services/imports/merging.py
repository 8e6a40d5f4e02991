"""Writes a batch of drafts: new contacts, or what was empty in those the client already has.

Numbers never move from one contact to another, an identifier once set stays, and only empty fields are filled; so the
same file brought in again finds every row's contact where it left it, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from hookline.db import locks
from hookline.db.models import Contact, ContactNumber, ListContact
from hookline.services.imports.errors import Remark
from hookline.services.imports.reading import Row
from hookline.services.imports.rows import PLAIN, Draft
from hookline.text import N_

_TAKEN = N_("The number %(number)s belongs to another contact of this client; it was left out.")
_ALL_TAKEN = N_("The number belongs to another contact of this client, who has another identifier.")


@dataclass
class BatchResult:
    """What became of a batch. `contacts` are those that are on the list now."""

    imported: int = 0
    merged: int = 0
    rejections: list[tuple[Row, Remark]] = field(default_factory=list)
    warnings: list[tuple[Row, Remark]] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)


class _Known:
    """The client's contacts that the batch touches, by number and by identifier; grows as the batch is written."""

    def __init__(self, session: Session, client_id: int, drafts: Sequence[Draft]) -> None:
        self.by_number: dict[str, Contact] = {}
        self.by_external_id: dict[str, Contact] = {}
        numbers = {phone.e164 for draft in drafts for phone in draft.phones}
        identifiers = {draft.external_id for draft in drafts if draft.external_id}
        with_numbers = select(Contact).options(selectinload(Contact.numbers)).where(Contact.client_id == client_id)
        holders = select(ContactNumber.contact_id).where(
            ContactNumber.client_id == client_id, ContactNumber.e164.in_(numbers)
        )
        for contact in session.scalars(with_numbers.where(Contact.id.in_(holders))):
            self.remember(contact)
        for contact in session.scalars(with_numbers.where(Contact.external_id.in_(identifiers))):
            self.remember(contact)

    def remember(self, contact: Contact) -> None:
        """Know the contact by all that tells it apart."""
        for number in contact.numbers:
            self.by_number[number.e164] = contact
        if contact.external_id:
            self.by_external_id[contact.external_id] = contact

    def match(self, draft: Draft) -> Contact | None:
        """The contact that the draft is about: by identifier, else by number, unless that has another identifier."""
        if draft.external_id and draft.external_id in self.by_external_id:
            return self.by_external_id[draft.external_id]
        for phone in draft.phones:
            holder = self.by_number.get(phone.e164)
            if holder is not None and (not draft.external_id or not holder.external_id):
                return holder
        return None


def write_batch(session: Session, client_id: int, list_id: int, drafts: Iterable[Draft], now: datetime) -> BatchResult:
    """Write the drafts in their order; the caller owns the transaction."""
    locks.exclusive(session, locks.contacts_of(client_id))
    ordered = list(drafts)
    known = _Known(session, client_id, ordered)
    result = BatchResult()
    for draft in ordered:
        _write_one(session, client_id, draft, known, result, now)
    session.flush()
    _put_on_list(session, list_id, result.contacts)
    return result


def _write_one(
    session: Session, client_id: int, draft: Draft, known: _Known, result: BatchResult, now: datetime
) -> None:
    contact = known.match(draft)
    taken = [p for p in draft.phones if known.by_number.get(p.e164, contact) is not contact]
    if len(taken) == len(draft.phones):
        result.rejections.append((draft.row, Remark(_ALL_TAKEN)))
        return
    result.warnings += [(draft.row, remark) for remark in draft.warnings]
    result.warnings += [(draft.row, Remark(_TAKEN, {"number": phone.e164})) for phone in taken]
    if contact is None:
        free = next(p for p in draft.phones if p not in taken)
        contact = Contact(client_id=client_id, time_zone=free.time_zone, created_at=now, updated_at=now, custom={})
        contact.external_id, contact.numbers = None, []
        session.add(contact)
        result.imported += 1
    else:
        result.merged += 1
    if _fill(contact, draft, [p.e164 for p in draft.phones if p not in taken]):
        contact.updated_at = now
    known.remember(contact)
    result.contacts.append(contact)


def _fill(contact: Contact, draft: Draft, numbers: Sequence[str]) -> bool:
    """Fill what is empty; returns whether anything was."""
    changed = False
    if draft.external_id and not contact.external_id:
        contact.external_id, changed = draft.external_id, True
    for name in PLAIN:
        if draft.fields[name] and not getattr(contact, name):
            setattr(contact, name, draft.fields[name])
            changed = True
    missing = {name: value for name, value in draft.custom.items() if not contact.custom.get(name)}
    if missing:
        contact.custom, changed = {**contact.custom, **missing}, True
    held = {number.e164 for number in contact.numbers}
    last = max((number.position for number in contact.numbers), default=-1)
    for place, e164 in enumerate((n for n in numbers if n not in held), start=last + 1):
        contact.numbers.append(ContactNumber(client_id=contact.client_id, e164=e164, position=place))
        changed = True
    return changed


def _put_on_list(session: Session, list_id: int, contacts: Iterable[Contact]) -> None:
    ids = {contact.id for contact in contacts}
    there = set(
        session.scalars(
            select(ListContact.contact_id).where(ListContact.list_id == list_id, ListContact.contact_id.in_(ids))
        )
    )
    session.add_all(ListContact(list_id=list_id, contact_id=contact_id) for contact_id in sorted(ids - there))
