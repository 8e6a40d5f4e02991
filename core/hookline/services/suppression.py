"""Suppression lists: numbers never to be called, for the installation, one client or one campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import ColumnElement, delete, or_, select, true
from sqlalchemy.orm import Session

from hookline.db.bulk import among, insert_rows
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Attempt, Campaign, Client, Suppression, SuppressionList
from hookline.domain.access import Actor
from hookline.errors import InvalidInput, NotFound
from hookline.services.csv_cells import clean, write_rows
from hookline.services.imports.errors import Remark
from hookline.services.imports.uploads import Uploads
from hookline.services.phones import InvalidPhone, normalise
from hookline.services.phones_bulk import BulkNumbers
from hookline.services.revocation import hold_dialling, revoke_open_attempts
from hookline.services.suppression_files import Item, items_in
from hookline.services.suppression_lists import Place, Reach, entries_within, place_of, require_reach
from hookline.text import N_

_BATCH = 5_000
_LONGEST = 200
_REVOKED = "the number was put on the suppression list"


@dataclass(frozen=True)
class Entry:
    """A suppressed number as it is shown. `in_force` False: it has expired."""

    id: int
    e164: str
    client_id: int | None
    client_name: str
    campaign_name: str
    reason: str
    source: str
    created_at: datetime
    list_id: int | None
    list_name: str
    expires_at: datetime | None
    in_force: bool


@dataclass(frozen=True)
class Unread:
    """A line that held no number, counted from 1, and why."""

    line: int
    text: str
    remark: Remark


@dataclass(frozen=True)
class AddReport:
    """What became of numbers that were to be added."""

    added: int
    already_there: int
    unread: tuple[Unread, ...]


class SuppressionService:
    """Adds to, takes from and shows the suppression list within the actor's scope.

    `folder` holds uploaded files while they are read.
    """

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._uploads = Uploads(folder)

    def add(
        self,
        actor: Actor,
        numbers: Iterable[str],
        into: Reach | int,
        *,
        country: str,
        reason: str,
        source: str,
        expires_at: datetime | None = None,
    ) -> AddReport:
        """Add numbers as people write them, one per item; national ones are read as those of `country`.

        `into` is a list by its id, or a reach, whose first list they go on (it is made where there is none). Attempts
        to them that are open but not yet placed are revoked. Lines without a number are reported, the rest is added; a
        number that is on the list but has expired is put on it anew. Raises NotFound or NotPermitted where the list is
        not the actor's, InvalidInput without a reason.
        """
        items = (Item(number, expires_at=expires_at) for number in numbers)
        return self._add_items(actor, items, into, country, _text(reason, "reason"), _text(source, "source"))

    def _add_items(
        self, actor: Actor, items: Iterable[Item], into: Reach | int, country: str, reason: str, source: str
    ) -> AddReport:
        actor.require("suppression.manage")
        with self._db.write() as unit:
            place = place_of(unit, actor, into)
        good, unread = _read(items, country, reason, source)
        added = 0
        for batch in _batches(good):
            with self._db.write() as unit:
                added += _add(unit, actor.user_id, batch, place)
        return AddReport(added, len(good) - added, tuple(unread))

    def add_text(
        self,
        actor: Actor,
        text: str,
        into: Reach | int,
        *,
        country: str,
        reason: str,
        source: str,
        expires_at: datetime | None = None,
    ) -> AddReport:
        """Add pasted numbers, one per line or separated by commas or semicolons."""
        numbers = [part for part in re.split(r"[\n;,]", text) if part.strip()]
        if not numbers:
            raise InvalidInput(N_("There is no number to add."), fields={"numbers": [N_("Write at least one number.")]})
        return self.add(actor, numbers, into, country=country, reason=reason, source=source, expires_at=expires_at)

    def add_file(
        self,
        actor: Actor,
        stream: BinaryIO,
        into: Reach | int,
        *,
        country: str,
        reason: str,
        source: str,
        expires_at: datetime | None = None,
    ) -> AddReport:
        """Add the numbers in the phone column of a CSV file or workbook, as `export_csv` writes one.

        Columns reason, source, since and expires are taken where they are there. Raises FileRefused or MappingRefused
        before any is added.
        """
        actor.require("suppression.manage")
        why, where_from = _text(reason, "reason"), _text(source, "source")
        stored_as = self._uploads.store(stream)
        try:
            items = items_in(self._uploads.path(stored_as), country, expires_at)
            return self._add_items(actor, items, into, country, why, where_from)
        finally:
            self._uploads.delete(stored_as)

    def remove(self, actor: Actor, entry_id: int) -> Entry:
        """Take one entry off the list; hands back what it was. Raises NotFound, NotPermitted."""
        actor.require("suppression.manage")
        with self._db.write() as unit:
            row = unit.session.scalar(
                select(Suppression).where(Suppression.id == entry_id, entries_within(actor.scope))
            )
            if row is None:
                raise NotFound(N_("There is no such entry on the suppression list."))
            require_reach(unit.session, actor, Reach(row.client_id, row.campaign_id))
            entry = _entries(unit.session, Suppression.id == entry_id, unit.clock.now())[0]
            unit.session.delete(row)
        return entry

    def search(
        self,
        actor: Actor,
        query: str = "",
        *,
        client_id: int | None = None,
        list_id: int | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> list[Entry]:
        """Entries whose number has the digits of `query`, or whose reason or source has its words; newest first.

        `client_id` narrows it to one client's own, `list_id` to one list; `before` (an entry's id) goes on with the
        next page.
        """
        actor.require("suppression.view")
        condition = entries_within(actor.scope) & _matches(query)
        if client_id is not None:
            condition &= Suppression.client_id == client_id
        if list_id is not None:
            condition &= Suppression.list_id == list_id
        if before is not None:
            condition &= Suppression.id < before
        with self._db.read() as session:
            return _entries(session, condition, self._db.clock.now(), limit)

    def export_csv(self, actor: Actor, delimiter: str = ",", list_id: int | None = None) -> Iterator[str]:
        """Every entry within the scope, or of one list, as CSV that `add_file` takes in again."""
        actor.require("suppression.view")
        return write_rows(self._export_rows(actor, list_id), delimiter, bom=True)

    def _export_rows(self, actor: Actor, list_id: int | None) -> Iterator[list[str]]:
        yield ["phone", "list", "client", "campaign", "reason", "source", "since", "expires"]
        before: int | None = None
        while found := self.search(actor, list_id=list_id, before=before, limit=_BATCH):
            for e in found:
                since, until = e.created_at.isoformat(), e.expires_at.isoformat() if e.expires_at else ""
                yield [e.e164, e.list_name, e.client_name, e.campaign_name, e.reason, e.source, since, until]
            before = found[-1].id


def _text(value: str, name: str) -> str:
    text = " ".join(value.split())
    if not text or len(text) > _LONGEST:
        raise InvalidInput(
            N_("Say why and on whose word the numbers are suppressed."),
            N_("Reason and source are kept as proof; each needs 1 to 200 characters."),
            {name: [N_("Write 1 to 200 characters.")]},
        )
    return text


def _read(items: Iterable[Item], country: str, reason: str, source: str) -> tuple[list[Item], list[Unread]]:
    """The items with their numbers as E.164, each once, and those without a number."""
    good: dict[str, Item] = {}
    unread: list[Unread] = []
    usual = BulkNumbers(country).usual
    for line, item in enumerate(items, start=1):
        text = clean(item.number)
        try:
            number = (usual(text) or normalise(text, country)).e164
        except InvalidPhone as error:
            unread.append(Unread(line, text[:60], Remark(error.message_id, error.params)))
            continue
        good.setdefault(
            number, replace(item, number=number, reason=item.reason or reason, source=item.source or source)
        )
    return list(good.values()), unread


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _add(unit: UnitOfWork, user_id: int | None, items: list[Item], place: Place) -> int:
    hold_dialling(unit)
    session, now = unit.session, unit.clock.now()
    numbers = [item.number for item in items]
    there = select(Suppression.e164).where(
        Suppression.list_id == place.list_id, among(session, Suppression.e164, numbers)
    )
    expired = Suppression.expires_at.is_not(None) & (Suppression.expires_at <= now)
    again = list(session.scalars(there.where(expired)))
    if again:
        session.execute(
            delete(Suppression)
            .where(Suppression.list_id == place.list_id, among(session, Suppression.e164, again))
            .execution_options(synchronize_session=False)
        )
    known = set(session.scalars(there))
    new = [item for item in items if item.number not in known]
    reach = place.reach
    insert_rows(
        session,
        Suppression,
        ("list_id", "client_id", "campaign_id", "e164", "reason", "source", "created_by", "created_at", "expires_at"),
        [
            (place.list_id, reach.client_id, reach.campaign_id, i.number, i.reason, i.source, user_id, i.since or now,
             i.expires_at)
            for i in new
        ],
    )  # fmt: skip
    _revoke(unit, {item.number for item in new}, reach)
    return len(new)


def _revoke(unit: UnitOfWork, numbers: set[str], reach: Reach) -> None:
    """Revoke open attempts to these numbers; few attempts are open at a time."""
    waiting = select(Attempt.number).where(Attempt.closed_at.is_(None), Attempt.placed_at.is_(None))
    for number in sorted(numbers.intersection(unit.session.scalars(waiting))):
        revoke_open_attempts(
            unit, number=number, client_id=reach.client_id, campaign_id=reach.campaign_id, because=_REVOKED
        )


def _matches(query: str) -> ColumnElement[bool]:
    text = query.strip()
    if not text:
        return true()
    pattern = f"%{_escaped(text.lower())}%"
    words = or_(Suppression.reason.ilike(pattern, escape="\\"), Suppression.source.ilike(pattern, escape="\\"))
    digits = re.sub(r"\D", "", text)
    if re.fullmatch(r"[\d\s()+.\-]+", text) and digits:
        return or_(Suppression.e164.like(f"%{digits}%"), words)
    return words


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def _entries(session: Session, condition: ColumnElement[bool], now: datetime, limit: int = 1) -> list[Entry]:
    found = session.execute(
        select(Suppression, Client.name, Campaign.name, SuppressionList.name)
        .outerjoin(Client, Client.id == Suppression.client_id)
        .outerjoin(Campaign, Campaign.id == Suppression.campaign_id)
        .outerjoin(SuppressionList, SuppressionList.id == Suppression.list_id)
        .where(condition)
        .order_by(Suppression.id.desc())
        .limit(limit)
    )
    return [
        Entry(
            id=row.id,
            e164=row.e164,
            client_id=row.client_id,
            client_name=client or "",
            campaign_name=campaign or "",
            reason=row.reason,
            source=row.source,
            created_at=row.created_at,
            list_id=row.list_id,
            list_name=name or "",
            expires_at=row.expires_at,
            in_force=row.expires_at is None or row.expires_at > now,
        )
        for row, client, campaign, name in found
    ]
