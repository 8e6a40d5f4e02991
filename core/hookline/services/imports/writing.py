"""Writes the people of a batch all at once: contacts, numbers, places on the list, tags, what they are found by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db import contact_search
from hookline.db.bulk import among, insert_rows, new_ids, update_rows
from hookline.db.models import Contact, ContactNumber, ContactTag, ImportRun, ListContact
from hookline.services.imports.people import Person, Target
from hookline.services.imports.rows import PLAIN

_SEARCHED = ("first_name", "last_name", "company", "email")


@dataclass
class Written:
    """Contacts that are on the list now: those made, and those that were there before the batch."""

    made: list[int] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        """All of them."""
        return [*self.made, *self.merged]


def write_people(session: Session, target: Target, people: Sequence[Person], now: datetime) -> Written:
    """Store what is new and what was changed; everybody is on the list afterwards."""
    new = [person for person in people if person.id is None]
    known = [person for person in people if person.id is not None]
    ids = _new_contact_ids(session, len(new)) if new else []
    for person, contact_id in zip(new, ids, strict=True):
        person.id = contact_id
    session.flush()
    _insert_contacts(session, target, new, now)
    changed = [person for person in known if person.changed]
    _update_contacts(session, changed, now)
    _insert_numbers(session, target.client_id, [*new, *changed])
    _insert_tags(session, target.client_id, [*new, *changed])
    places = ("list_id", "contact_id", "import_id", "added_at")
    on_list = [(target.list_id, person.id, target.import_id, now) for person in new]
    insert_rows(session, ListContact, places, on_list)
    merged = [person.id for person in known if person.id is not None]
    joining = [
        (target.list_id, contact_id, target.import_id, now) for contact_id in _not_on_list(session, target, merged)
    ]
    insert_rows(session, ListContact, places, joining, known=True)
    contact_search.add(session.connection(), [(p.id or 0, _text(p)) for p in new])
    if changed:
        contact_search.write(session, [person.id for person in changed if person.id is not None])
    return Written(ids, merged)


def _new_contact_ids(session: Session, count: int) -> list[int]:
    # An id of a contact that was removed with its import never comes back.
    return new_ids(session, Contact, count, above=session.scalar(select(func.max(ImportRun.last_contact_id))) or 0)


def _insert_contacts(session: Session, target: Target, people: Sequence[Person], now: datetime) -> None:
    columns = ("id", "client_id", "external_id", *PLAIN, "time_zone", "custom", "import_id", "created_at", "updated_at")
    client_id, import_id = target.client_id, target.import_id
    nothing: dict[str, Any] = {}
    rows = [
        (p.id, client_id, p.external_id, *p.fields.values(), p.time_zone, p.custom or nothing, import_id, now, now)
        for p in people
    ]
    insert_rows(session, Contact, columns, rows)


def _update_contacts(session: Session, people: Sequence[Person], now: datetime) -> None:
    columns = ("external_id", *PLAIN, "time_zone", "custom", "updated_at")
    rows = [(p.external_id, *p.fields.values(), p.time_zone, p.custom, now, p.id) for p in people]
    update_rows(session, Contact, columns, rows)


def _insert_numbers(session: Session, client_id: int, people: Sequence[Person]) -> None:
    columns = ("contact_id", "client_id", "e164", "position", "state", "last_result")
    rows = [
        (person.id, client_id, e164, place, "valid", "")
        for person in people
        for place, e164 in enumerate(person.numbers[person.stored :], start=person.place)
    ]
    insert_rows(session, ContactNumber, columns, rows)


def _insert_tags(session: Session, client_id: int, people: Sequence[Person]) -> None:
    rows = [(person.id, tag, client_id) for person in people for tag in sorted(person.tags)]
    insert_rows(session, ContactTag, ("contact_id", "tag", "client_id"), rows, known=True)


def _not_on_list(session: Session, target: Target, ids: Sequence[int]) -> list[int]:
    if not ids:
        return []
    there = set(
        session.scalars(
            select(ListContact.contact_id).where(
                ListContact.list_id == target.list_id, among(session, ListContact.contact_id, ids)
            )
        )
    )
    return [contact_id for contact_id in ids if contact_id not in there]


def _text(person: Person) -> str:
    fields = person.fields
    words = (*(fields[name] for name in _SEARCHED), person.external_id, fields["city"], fields["notes"])
    return contact_search.text_of(words, person.numbers, sorted(person.tags))
