"""The client's contacts that a batch of rows touches, as they are before and after it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db import contact_search
from hookline.db.bulk import among
from hookline.db.holding import FOR_CHANGE
from hookline.db.models import CampaignContact, Contact, ContactNumber, ListContact
from hookline.services.imports.rows import PLAIN, Draft
from hookline.services.imports.rules import ImportRules, Key, Scope

_COLUMNS = (Contact.id, Contact.external_id, Contact.custom, Contact.time_zone, Contact.created_at)


@dataclass(frozen=True)
class Target:
    """Where a batch goes: a client's list. `import_id` None: a contact brought in by itself."""

    client_id: int
    list_id: int
    import_id: int | None = None
    rules: ImportRules = field(default_factory=ImportRules)
    #: Keys of the rows before, where rows that stand in the file twice are left out.
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Person:
    """A contact, known (`id`) or to be made. `since`: when it came to where rows count as known; None: not there."""

    id: int | None
    external_id: str | None
    fields: dict[str, str]
    custom: dict[str, Any]
    time_zone: str
    numbers: list[str]
    tags: set[str] = field(default_factory=set)
    since: datetime | None = None
    #: How many of the numbers are stored already.
    stored: int = 0
    #: The position of the next one.
    place: int = 0
    changed: bool = False

    @property
    def name(self) -> str:
        """Its name, folded."""
        return contact_search.fold(f"{self.fields['first_name']} {self.fields['last_name']}".strip())


class People:
    """Finds whom a draft is about; grows as the batch is worked through."""

    def __init__(self, session: Session, client_id: int, list_id: int, rules: ImportRules) -> None:
        self._session = session
        self._client_id = client_id
        self._list_id = list_id
        self._rules = rules
        self.by_number: dict[str, Person] = {}
        self.by_external_id: dict[str, Person] = {}

    def load(self, drafts: Sequence[Draft]) -> None:
        """Fetch the contacts that have a number or an identifier of the drafts."""
        numbers = {phone.e164 for draft in drafts for phone in draft.phones}
        identifiers = {draft.external_id for draft in drafts if draft.external_id}
        session = self._session
        held = session.scalars(
            select(ContactNumber.contact_id).where(
                among(session, ContactNumber.e164, numbers), ContactNumber.client_id == self._client_id
            )
        )
        ids = set(held)
        if identifiers:
            named = select(Contact.id).where(
                Contact.client_id == self._client_id, among(session, Contact.external_id, identifiers)
            )
            ids.update(session.scalars(named))
        if ids:
            self._fetch(ids)

    def _fetch(self, ids: Collection[int]) -> None:
        session = self._session
        plain = [getattr(Contact, name) for name in PLAIN]
        # Held until the batch is written: what an agent changes meanwhile is not written over.
        asked = select(*_COLUMNS, *plain).where(among(session, Contact.id, ids)).with_for_update(**FOR_CHANGE)
        people = {
            row[0]: Person(row[0], row[1], dict(zip(PLAIN, row[5:], strict=True)), row[2], row[3], [], since=row[4])
            for row in session.execute(asked)
        }
        numbers = session.execute(
            select(ContactNumber.contact_id, ContactNumber.e164, ContactNumber.position)
            .where(among(session, ContactNumber.contact_id, ids))
            .order_by(ContactNumber.contact_id, ContactNumber.position)
        )
        for contact_id, e164, position in numbers:
            people[contact_id].numbers.append(e164)
            people[contact_id].place = position + 1
        since = self._since(ids)
        for person in people.values():
            person.stored = len(person.numbers)
            if since is not None:
                person.since = since.get(person.id or 0)
            self.remember(person)

    def _since(self, ids: Collection[int]) -> dict[int, datetime] | None:
        """When each came to the list or campaign in which rows count as known; None where that is the client."""
        session, scope = self._session, self._rules.leave_out
        if scope is Scope.LIST:
            asked = select(ListContact.contact_id, ListContact.added_at, Contact.created_at)
            asked = asked.join(Contact, Contact.id == ListContact.contact_id)
            asked = asked.where(ListContact.list_id == self._list_id, among(session, ListContact.contact_id, ids))
            return {row[0]: row[1] or row[2] for row in session.execute(asked)}
        if scope is Scope.CAMPAIGN:
            found = session.execute(
                select(CampaignContact.contact_id, CampaignContact.updated_at).where(
                    CampaignContact.campaign_id == self._rules.campaign_id,
                    among(session, CampaignContact.contact_id, ids),
                )
            )
            return {row[0]: row[1] for row in found}
        return None

    def remember(self, person: Person) -> None:
        """Know the person by all that tells it apart."""
        for number in person.numbers:
            self.by_number[number] = person
        if person.external_id:
            self.by_external_id[person.external_id] = person

    def match(self, draft: Draft) -> Person | None:
        """The contact that the draft is about, by the rules' key."""
        key = self._rules.key
        if key in (Key.IDENTIFIER_OR_PHONE, Key.EXTERNAL_ID):
            if draft.external_id and draft.external_id in self.by_external_id:
                return self.by_external_id[draft.external_id]
            if key is Key.EXTERNAL_ID:
                return None
        for phone in draft.phones:
            holder = self.by_number.get(phone.e164)
            if holder is not None and self._is_about(draft, holder):
                return holder
        return None

    def _is_about(self, draft: Draft, holder: Person) -> bool:
        if self._rules.key is Key.PHONE:
            return True
        if self._rules.key is Key.PHONE_AND_NAME:
            name = contact_search.fold(f"{draft.fields['first_name']} {draft.fields['last_name']}".strip())
            return not name or not holder.name or name == holder.name
        return not draft.external_id or not holder.external_id


def keys_of(draft: Draft, key: Key) -> Iterable[str]:
    """By what a row is known again within its file."""
    if draft.external_id and key in (Key.IDENTIFIER_OR_PHONE, Key.EXTERNAL_ID):
        yield f"#{draft.external_id}"
    if key is Key.PHONE_AND_NAME:
        name = contact_search.fold(f"{draft.fields['first_name']} {draft.fields['last_name']}".strip())
        yield from (f"{phone.e164} {name}" for phone in draft.phones)
    elif key is not Key.EXTERNAL_ID:
        yield from (phone.e164 for phone in draft.phones)
