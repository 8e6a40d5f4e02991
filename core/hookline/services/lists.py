"""Contact lists: named, imported sets of one client's contacts, which feed campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Campaign, CampaignList, Client, Contact, ContactList, ImportRun, ListContact
from hookline.domain.access import Actor, Scope
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.services import phones
from hookline.services.reach import clients_within, contacts_within, lists_within
from hookline.text import N_

_LONGEST_NAME = 120


@dataclass(frozen=True)
class ListRow:
    """A list as it is shown: whose it is, how many contacts the viewer reaches on it, which campaigns it feeds."""

    id: int
    name: str
    client_id: int
    client_name: str
    country: str
    contacts: int
    campaigns: tuple[tuple[int, str], ...]
    created_at: datetime


@dataclass(frozen=True)
class ContactPage:
    """A page of contacts; `next_after` goes on with it, None at the end."""

    contacts: tuple[Contact, ...]
    next_after: int | None


class ListService:
    """Contact lists within a scope."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def clients(self, scope: Scope) -> list[Client]:
        """The active clients within the scope, by name."""
        with self._db.read() as session:
            return list(
                session.scalars(select(Client).where(Client.active, clients_within(scope)).order_by(Client.name))
            )

    def create(self, actor: Actor, client_id: int, name: str, country: str) -> int:
        """Add an empty list; returns its id. Raises NotFound, Conflict (name taken) or InvalidInput."""
        actor.require("contacts.import")
        with self._db.write() as unit:
            return add_list(unit, actor.scope, client_id, name, country)

    def rename(self, actor: Actor, list_id: int, name: str) -> None:
        """Give the list another name."""
        actor.require("contacts.import")
        with self._db.write() as unit:
            found = reachable_list(unit.session, actor.scope, list_id)
            wanted = _checked_name(name)
            if wanted != found.name:
                _require_free(unit.session, found.client_id, wanted)
            found.name = wanted

    def find(self, scope: Scope, client_id: int, name: str) -> int | None:
        """The id of the client's list of that name, None where there is none."""
        with self._db.read() as session:
            return session.scalar(
                select(ContactList.id).where(
                    ContactList.client_id == client_id, ContactList.name == name.strip(), lists_within(scope)
                )
            )

    def index(self, scope: Scope) -> list[ListRow]:
        """Every list within the scope, by client and name."""
        with self._db.read() as session:
            return _rows(session, scope, None)

    def get(self, scope: Scope, list_id: int) -> ListRow:
        """One list; raises NotFound."""
        with self._db.read() as session:
            found = _rows(session, scope, list_id)
        if not found:
            raise _no_list()
        return found[0]

    def contacts(self, scope: Scope, list_id: int, after: int = 0, limit: int = 50) -> ContactPage:
        """The list's contacts that the scope reaches, in the order they came, after contact id `after`."""
        with self._db.read() as session:
            reachable_list(session, scope, list_id)
            found = session.scalars(
                select(Contact)
                .join(ListContact, ListContact.contact_id == Contact.id)
                .where(ListContact.list_id == list_id, Contact.id > after, contacts_within(scope))
                .options(selectinload(Contact.numbers))
                .order_by(Contact.id)
                .limit(limit + 1)
            ).all()
        return page(found, limit)

    def imports(self, scope: Scope, list_id: int) -> list[ImportRun]:
        """The list's imports, newest first."""
        with self._db.read() as session:
            reachable_list(session, scope, list_id)
            return list(
                session.scalars(
                    select(ImportRun).where(ImportRun.list_id == list_id).order_by(ImportRun.id.desc()).limit(50)
                )
            )


def page(found: Sequence[Contact], limit: int) -> ContactPage:
    """A page of at most `limit` contacts out of `limit` + 1 that were asked for."""
    return ContactPage(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


def add_list(unit: UnitOfWork, scope: Scope, client_id: int, name: str, country: str) -> int:
    """Add a list inside somebody's transaction; see `ListService.create`."""
    client = unit.session.get(Client, client_id)
    if client is None or not scope.covers_client(client_id):
        raise NotFound(N_("There is no such client."))
    wanted = _checked_name(name)
    code = checked_country(country)
    _require_free(unit.session, client_id, wanted)
    added = ContactList(client_id=client_id, name=wanted, country=code, created_at=unit.clock.now())
    unit.session.add(added)
    unit.session.flush()
    return added.id


def reachable_list(session: Session, scope: Scope, list_id: int) -> ContactList:
    """The list, where the scope reaches it; raises NotFound."""
    found = session.scalar(select(ContactList).where(ContactList.id == list_id, lists_within(scope)))
    if found is None:
        raise _no_list()
    return found


def checked_country(country: str) -> str:
    """The ISO 3166 code in capitals; raises InvalidInput where it is none."""
    code = country.strip().upper()
    if code not in phones.countries():
        raise InvalidInput(
            N_("“%(code)s” is no country code."),
            N_("Use two letters, like PL or DE."),
            {"country": [N_("Choose a country.")]},
            params={"code": code[:10]},
        )
    return code


def _checked_name(name: str) -> str:
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > _LONGEST_NAME:
        raise InvalidInput(
            N_("The list needs a name of at most 120 characters."),
            fields={"name": [N_("Write a name of at most 120 characters.")]},
        )
    return wanted


def _require_free(session: Session, client_id: int, name: str) -> None:
    if session.scalar(select(ContactList.id).where(ContactList.client_id == client_id, ContactList.name == name)):
        raise Conflict(
            N_("This client already has a list “%(name)s”."),
            N_("Choose another name, or import into the list that exists."),
            params={"name": name},
        )


def _no_list() -> NotFound:
    return NotFound(N_("There is no such list."), N_("Choose one from the lists' page."))


def _rows(session: Session, scope: Scope, list_id: int | None) -> list[ListRow]:
    wanted = select(ContactList, Client.name).join(Client, Client.id == ContactList.client_id)
    wanted = wanted.where(lists_within(scope)).order_by(Client.name, ContactList.name)
    if list_id is not None:
        wanted = wanted.where(ContactList.id == list_id)
    found = session.execute(wanted).all()
    ids = [row.id for row, _ in found]
    counts = _counts(session, scope, ids)
    feeds = _feeds(session, scope, ids)
    return [
        ListRow(
            id=row.id,
            name=row.name,
            client_id=row.client_id,
            client_name=client_name,
            country=row.country,
            contacts=counts.get(row.id, 0),
            campaigns=tuple(feeds.get(row.id, ())),
            created_at=row.created_at,
        )
        for row, client_name in found
    ]


def _counts(session: Session, scope: Scope, list_ids: Sequence[int]) -> dict[int, int]:
    counting = (
        select(ListContact.list_id, func.count()).where(ListContact.list_id.in_(list_ids)).group_by(ListContact.list_id)
    )
    if scope.campaigns is not None:
        counting = counting.join(Contact, Contact.id == ListContact.contact_id).where(contacts_within(scope))
    return {row[0]: row[1] for row in session.execute(counting)}


def _feeds(session: Session, scope: Scope, list_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    wanted = (
        select(CampaignList.list_id, Campaign.id, Campaign.name)
        .join(Campaign, Campaign.id == CampaignList.campaign_id)
        .where(CampaignList.list_id.in_(list_ids))
        .order_by(Campaign.name)
    )
    if scope.campaigns is not None:
        wanted = wanted.where(Campaign.id.in_(scope.campaigns))
    feeds: dict[int, list[tuple[int, str]]] = {}
    for list_id, campaign_id, name in session.execute(wanted):
        feeds.setdefault(list_id, []).append((campaign_id, name))
    return feeds
