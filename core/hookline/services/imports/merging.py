"""Works a batch of drafts into the client's contacts: new ones, merged ones, rows that are left out.

Numbers never move from one contact to another, and by default an identifier once set stays and only empty fields are
filled; so the same file brought in again finds every row's contact where it left it, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db import locks
from hookline.db.bulk import among
from hookline.db.models import ContactTag
from hookline.services.imports.errors import Remark
from hookline.services.imports.people import People, Person, Target, keys_of
from hookline.services.imports.reading import Row
from hookline.services.imports.rows import PLAIN, Draft
from hookline.services.imports.rules import ImportRules, Merge, Scope
from hookline.services.imports.writing import Written, write_people
from hookline.services.suppression_check import suppressed_numbers
from hookline.text import N_

_TAKEN = N_("The number %(number)s belongs to another contact of this client; it was left out.")
_ALL_TAKEN = N_("The number belongs to another contact of this client, who has another identifier.")
_ALL_SUPPRESSED = N_("The number is on a suppression list.")
_SUPPRESSED = N_("The number %(number)s is on a suppression list; it was left out.")
_KNOWN = {
    Scope.FILE: N_("The contact stands further up in the file already."),
    Scope.LIST: N_("The contact is on this list already."),
    Scope.CAMPAIGN: N_("The contact is in the campaign already."),
    Scope.CLIENT: N_("The client has this contact already."),
}


@dataclass
class BatchResult:
    """What became of a batch. `contact_ids` are those that are on the list now."""

    imported: int = 0
    merged: int = 0
    duplicates: int = 0
    suppressed: int = 0
    rejections: list[tuple[Row, Remark]] = field(default_factory=list)
    warnings: list[tuple[Row, Remark]] = field(default_factory=list)
    written: Written = field(default_factory=Written)
    #: Keys by which these rows are known further down in their file, where such rows are left out.
    seen: set[str] = field(default_factory=set)


def write_batch(session: Session, target: Target, drafts: Sequence[Draft], now: datetime) -> BatchResult:
    """Write the drafts in their order; the caller owns the transaction."""
    locks.exclusive(session, locks.contacts_of(target.client_id))
    batch = _Batch(session, target, drafts, now)
    touched: dict[int, Person] = {}
    for draft in drafts:
        person = batch.take(draft)
        if person is not None:
            touched[id(person)] = person
    batch.result.written = write_people(session, target, list(touched.values()), now)
    return batch.result


class _Batch:
    def __init__(self, session: Session, target: Target, drafts: Sequence[Draft], now: datetime) -> None:
        self._target, self._rules, self._now = target, target.rules, now
        self.result = BatchResult()
        self._people = People(session, target.client_id, target.list_id, self._rules)
        self._people.load(drafts)
        self._suppressed: set[str] = set()
        if self._rules.scrub:
            numbers = {phone.e164 for draft in drafts for phone in draft.phones}
            self._suppressed = suppressed_numbers(session, numbers, target.client_id, now)
        if self._rules.tags or any(draft.tags for draft in drafts):
            _load_tags(session, [p for p in self._people.by_number.values() if p.id is not None])

    def take(self, draft: Draft) -> Person | None:
        """Work one draft in; the person it is about now, None where it was left out."""
        numbers = [phone.e164 for phone in draft.phones]
        free = [n for n in numbers if n not in self._suppressed] if self._suppressed else numbers
        if not free:
            self.result.suppressed += 1
            self._reject(draft, _ALL_SUPPRESSED)
            return None
        person = self._people.match(draft)
        if self._is_left_out(draft, person):
            self.result.duplicates += 1
            self._reject(draft, _KNOWN[self._rules.leave_out])
            return None
        holders = self._people.by_number
        taken = [n for n in free if holders.get(n, person) is not person]
        if len(taken) == len(free):
            self._reject(draft, _ALL_TAKEN)
            return None
        if draft.warnings or taken or len(free) < len(numbers):
            self._remark(draft, [n for n in numbers if n not in free], _SUPPRESSED, first=draft.warnings)
            self._remark(draft, taken, _TAKEN)
        own = [n for n in free if n not in taken] if taken else free
        if person is None:
            person = _new(draft, own)
            person.tags.update(self._rules.tags, draft.tags)
            person.since = self._now
            self.result.imported += 1
        else:
            self.result.merged += 1
            _merge(person, draft, own, self._rules, self._people.by_external_id)
        self._people.remember(person)
        return person

    def _is_left_out(self, draft: Draft, person: Person | None) -> bool:
        scope = self._rules.leave_out
        if scope is Scope.NONE:
            return False
        if scope in (Scope.FILE, Scope.CAMPAIGN):
            keys = set(keys_of(draft, self._rules.key))
            again = not (keys.isdisjoint(self._target.seen) and keys.isdisjoint(self.result.seen))
            self.result.seen.update(keys)
            if again or scope is Scope.FILE:
                return again
        if person is None or person.since is None:
            return False
        window = self._rules.window_days
        return window is None or person.since >= self._now - timedelta(days=window)

    def _reject(self, draft: Draft, why: str) -> None:
        self.result.rejections.append((draft.row, Remark(why)))

    def _remark(self, draft: Draft, numbers: Iterable[str], what: str, first: Iterable[Remark] = ()) -> None:
        self.result.warnings += [(draft.row, remark) for remark in first]
        self.result.warnings += [(draft.row, Remark(what, {"number": number})) for number in numbers]


def _new(draft: Draft, numbers: list[str]) -> Person:
    zone = draft.time_zone
    if not draft.said_zone and numbers[0] != draft.phones[0].e164:
        zone = next(phone.time_zone for phone in draft.phones if phone.e164 == numbers[0])
    return Person(None, draft.external_id, draft.fields, draft.custom, zone, list(numbers))


def _merge(
    person: Person, draft: Draft, numbers: Sequence[str], rules: ImportRules, by_external_id: dict[str, Person]
) -> None:
    if draft.external_id and not person.external_id and draft.external_id not in by_external_id:
        person.external_id, person.changed = draft.external_id, True
    for name in PLAIN:
        value = draft.fields[name]
        if value and (merged := _merged(person.fields[name], value, rules.of(name), name)) != person.fields[name]:
            person.fields[name], person.changed = merged, True
    for key, value in draft.custom.items():
        held = person.custom.get(key) or ""
        if (merged := _merged(str(held), value, rules.of("custom"), key)) != held:
            person.custom, person.changed = {**person.custom, key: merged}, True
    if draft.said_zone and rules.of("time_zone") is Merge.OVERWRITE and draft.time_zone != person.time_zone:
        person.time_zone, person.changed = draft.time_zone, True
    if rules.of("numbers") is not Merge.KEEP and (more := [n for n in numbers if n not in person.numbers]):
        person.numbers += more
        person.changed = True
    tags = {*rules.tags, *(draft.tags if rules.of("tags") is not Merge.KEEP else ())}
    if not tags <= person.tags:
        person.tags |= tags
        person.changed = True


def _merged(held: str, value: str, rule: Merge, name: str) -> str:
    if not held:
        return value if rule is not Merge.KEEP else held
    if rule is Merge.OVERWRITE:
        return value
    if rule is Merge.APPEND and value not in held:
        return f"{held}\n{value}" if name == "notes" else f"{held}, {value}"
    return held


def _load_tags(session: Session, people: Sequence[Person]) -> None:
    by_id = {person.id: person for person in people}
    found = session.execute(
        select(ContactTag.contact_id, ContactTag.tag).where(among(session, ContactTag.contact_id, by_id))
    )
    for contact_id, tag in found:
        by_id[contact_id].tags.add(tag)
