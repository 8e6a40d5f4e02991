"""The suppression list: numbers never to be called, for the installation, one client or one campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Campaign, Client, Suppression
from hookline.domain.access import Actor, Role, Scope
from hookline.errors import InvalidInput, NotFound, NotPermitted
from hookline.services.csv_cells import clean, write_rows
from hookline.services.imports import mapping as mappings
from hookline.services.imports import reading
from hookline.services.imports.errors import MappingRefused, Remark
from hookline.services.imports.uploads import Uploads
from hookline.services.phones import InvalidPhone, normalise
from hookline.services.revocation import hold_dialling, revoke_open_attempts
from hookline.text import N_

_BATCH = 500
_LONGEST = 200
_REVOKED = "the number was put on the suppression list"


@dataclass(frozen=True)
class Reach:
    """For whom a number is suppressed: a campaign, else a client, else (neither) the whole installation."""

    client_id: int | None = None
    campaign_id: int | None = None


@dataclass(frozen=True)
class Entry:
    """A suppressed number as it is shown."""

    id: int
    e164: str
    client_id: int | None
    client_name: str
    campaign_name: str
    reason: str
    source: str
    created_at: datetime


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
        self, actor: Actor, numbers: Iterable[str], reach: Reach, *, country: str, reason: str, source: str
    ) -> AddReport:
        """Add numbers as people write them, one per item; national ones are read as those of `country`.

        Attempts to them that are open but not yet placed are revoked. Lines without a number are reported, the rest is
        added. Raises NotFound or NotPermitted where the reach is not the actor's, InvalidInput without a reason.
        """
        actor.require("suppression.manage")
        why, where_from = _text(reason, "reason"), _text(source, "source")
        with self._db.read() as session:
            _require_reach(session, actor, reach)
        good, unread = _read(numbers, country)
        added = 0
        for batch in _batches(good):
            with self._db.write() as unit:
                added += _add(unit, actor, batch, reach, why, where_from)
        return AddReport(added, len(good) - added, tuple(unread))

    def add_text(self, actor: Actor, text: str, reach: Reach, *, country: str, reason: str, source: str) -> AddReport:
        """Add pasted numbers, one per line or separated by commas or semicolons."""
        numbers = [part for part in re.split(r"[\n;,]", text) if part.strip()]
        if not numbers:
            raise InvalidInput(N_("There is no number to add."), fields={"numbers": [N_("Write at least one number.")]})
        return self.add(actor, numbers, reach, country=country, reason=reason, source=source)

    def add_file(
        self, actor: Actor, stream: BinaryIO, reach: Reach, *, country: str, reason: str, source: str
    ) -> AddReport:
        """Add the numbers in a CSV file's phone column; raises FileRefused or MappingRefused before any is added."""
        actor.require("suppression.manage")
        stored_as = self._uploads.store(stream)
        try:
            cells = _phone_cells(self._uploads.path(stored_as), country)
            return self.add(actor, cells, reach, country=country, reason=reason, source=source)
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
            _require_reach(unit.session, actor, Reach(row.client_id, row.campaign_id))
            entry = _entries(unit.session, Suppression.id == entry_id)[0]
            unit.session.delete(row)
        return entry

    def search(
        self, actor: Actor, query: str = "", *, client_id: int | None = None, before: int | None = None, limit: int = 50
    ) -> list[Entry]:
        """Entries whose number has the digits of `query`, or whose reason or source has its words; newest first.

        `client_id` narrows it to one client's own; `before` (an entry's id) goes on with the next page.
        """
        actor.require("suppression.view")
        condition = entries_within(actor.scope) & _matches(query)
        if client_id is not None:
            condition &= Suppression.client_id == client_id
        if before is not None:
            condition &= Suppression.id < before
        with self._db.read() as session:
            return _entries(session, condition, limit)

    def export_csv(self, actor: Actor, delimiter: str = ",") -> Iterator[str]:
        """Every entry within the scope as CSV."""
        actor.require("suppression.view")
        return write_rows(self._export_rows(actor), delimiter, bom=True)

    def _export_rows(self, actor: Actor) -> Iterator[list[str]]:
        yield ["phone", "client", "campaign", "reason", "source", "since"]
        before: int | None = None
        while found := self.search(actor, before=before, limit=_BATCH):
            for e in found:
                yield [e.e164, e.client_name, e.campaign_name, e.reason, e.source, e.created_at.isoformat()]
            before = found[-1].id


def _phone_cells(path: Path, country: str) -> Iterator[str]:
    found = reading.inspect(path)
    guessed = mappings.guess(found, country)
    column = next((position for position, name in guessed.items() if name == "phone"), None)
    if column is None:
        raise MappingRefused(
            N_("No column of the file looks like phone numbers."),
            N_("Head it “phone”, or leave the other columns out. Columns: %(columns)s."),
            params={"columns": mappings.describe(found.dialect)},
        )
    return (row.cells[column] if column < len(row.cells) else "" for row in reading.rows(path, found.dialect))


def entries_within(scope: Scope) -> ColumnElement[bool]:
    """Entries that the scope may see: its clients' and campaigns', and those of the installation, which bind all."""
    condition: ColumnElement[bool] = true()
    if scope.clients is not None:
        condition &= or_(Suppression.client_id.is_(None), Suppression.client_id.in_(scope.clients))
    if scope.campaigns is not None:
        condition &= or_(Suppression.campaign_id.is_(None), Suppression.campaign_id.in_(scope.campaigns))
    return condition


def _require_reach(session: Session, actor: Actor, reach: Reach) -> None:
    if reach.client_id is None:
        if reach.campaign_id is not None:
            raise InvalidInput(N_("An entry for a campaign names the campaign's client too."))
        if actor.role is not Role.ADMINISTRATOR:
            raise NotPermitted(
                N_("Only administrators change entries for the whole installation."), N_("Choose a client instead.")
            )
        return
    if session.get(Client, reach.client_id) is None or not actor.scope.covers_client(reach.client_id):
        raise NotFound(N_("There is no such client."))
    if reach.campaign_id is not None:
        campaign = session.get(Campaign, reach.campaign_id)
        if (
            campaign is None
            or campaign.client_id != reach.client_id
            or not actor.scope.covers_campaign(campaign.client_id, campaign.id)
        ):
            raise NotFound(N_("There is no such campaign."))


def _text(value: str, name: str) -> str:
    text = " ".join(value.split())
    if not text or len(text) > _LONGEST:
        raise InvalidInput(
            N_("Say why and on whose word the numbers are suppressed."),
            N_("Reason and source are kept as proof; each needs 1 to 200 characters."),
            {name: [N_("Write 1 to 200 characters.")]},
        )
    return text


def _read(numbers: Iterable[str], country: str) -> tuple[list[str], list[Unread]]:
    good: dict[str, None] = {}
    unread: list[Unread] = []
    for line, raw in enumerate(numbers, start=1):
        text = clean(raw)
        try:
            good.setdefault(normalise(text, country).e164)
        except InvalidPhone as error:
            unread.append(Unread(line, text[:60], Remark(error.message_id, error.params)))
    return list(good), unread


def _batches(numbers: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(numbers), _BATCH):
        yield numbers[start : start + _BATCH]


def _add(unit: UnitOfWork, actor: Actor, numbers: list[str], reach: Reach, reason: str, source: str) -> int:
    hold_dialling(unit)
    there = set(
        unit.session.scalars(
            select(Suppression.e164).where(
                Suppression.e164.in_(numbers),
                Suppression.client_id.is_(None)
                if reach.client_id is None
                else Suppression.client_id == reach.client_id,
                Suppression.campaign_id.is_(None)
                if reach.campaign_id is None
                else Suppression.campaign_id == reach.campaign_id,
            )
        )
    )
    new = [number for number in numbers if number not in there]
    for number in new:
        unit.session.add(
            Suppression(
                client_id=reach.client_id,
                campaign_id=reach.campaign_id,
                e164=number,
                reason=reason,
                source=source,
                created_by=actor.user_id,
                created_at=unit.clock.now(),
            )
        )
        revoke_open_attempts(
            unit, number=number, client_id=reach.client_id, campaign_id=reach.campaign_id, because=_REVOKED
        )
    return len(new)


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


def _entries(session: Session, condition: ColumnElement[bool], limit: int = 1) -> list[Entry]:
    found = session.execute(
        select(Suppression, Client.name, Campaign.name)
        .outerjoin(Client, Client.id == Suppression.client_id)
        .outerjoin(Campaign, Campaign.id == Suppression.campaign_id)
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
        )
        for row, client, campaign in found
    ]
