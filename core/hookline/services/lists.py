"""Contact lists: named, imported sets of one client's contacts, which feed campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased, selectinload

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import (
    Campaign,
    CampaignList,
    Client,
    Contact,
    ContactList,
    ImportRejection,
    ImportRun,
    ImportSource,
    ImportSourceFile,
    ImportWarning,
    ListContact,
    ListField,
)
from hookline.domain.access import Actor, Scope
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.services import phones
from hookline.services.custom_field_kinds import FieldKind, FieldType
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
    archived_at: datetime | None = None


@dataclass(frozen=True)
class DeletionPreview:
    """What deleting a list would do: contacts on no other list, contacts that are on others too, campaigns it feeds.

    No contact is deleted with it: contacts stay with their client, and in the campaigns that have them already.
    """

    only_here: int
    elsewhere: int
    campaigns: tuple[tuple[int, str], ...]
    sources: int


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

    def archive(self, actor: Actor, list_id: int) -> None:
        """Put the list away: it takes no contacts any more and its sources rest; contacts stay, in campaigns too."""
        actor.require("contacts.import")
        with self._db.write() as unit:
            found = reachable_list(unit.session, actor.scope, list_id)
            _refuse_while_importing(unit.session, list_id)
            unit.session.execute(update(ImportSource).where(ImportSource.list_id == list_id).values(active=False))
            found.archived_at = unit.clock.now()

    def restore(self, actor: Actor, list_id: int) -> None:
        """Take an archived list back; its sources have to be switched on again."""
        actor.require("contacts.import")
        with self._db.write() as unit:
            reachable_list(unit.session, actor.scope, list_id).archived_at = None

    def deletion(self, actor: Actor, list_id: int) -> DeletionPreview:
        """What deleting the list would mean; changes nothing."""
        actor.require("contacts.import")
        other = aliased(ListContact)
        elsewhere = exists().where(other.contact_id == ListContact.contact_id, other.list_id != list_id)
        on_it = select(func.count()).select_from(ListContact).where(ListContact.list_id == list_id)
        with self._db.read() as session:
            row = self._row(session, actor.scope, list_id)
            shared = session.scalar(on_it.where(elsewhere)) or 0
            all_of_them = session.scalar(on_it) or 0
            sources = session.scalar(
                select(func.count()).select_from(ImportSource).where(ImportSource.list_id == list_id)
            )
        return DeletionPreview(all_of_them - shared, shared, row.campaigns, sources or 0)

    def delete(self, actor: Actor, list_id: int) -> None:
        """Delete the list, its imports' reports and its sources. Its contacts are kept (see `DeletionPreview`)."""
        actor.require("contacts.import")
        with self._db.write() as unit:
            session = unit.session
            found = reachable_list(session, actor.scope, list_id)
            _refuse_while_importing(session, list_id)
            _keep_countries(session, found)
            imports = select(ImportRun.id).where(ImportRun.list_id == list_id)
            sources = select(ImportSource.id).where(ImportSource.list_id == list_id)
            for statement in (
                delete(ImportRejection).where(ImportRejection.import_id.in_(imports)),
                delete(ImportWarning).where(ImportWarning.import_id.in_(imports)),
                delete(ImportSourceFile).where(ImportSourceFile.source_id.in_(sources)),
                delete(ImportSource).where(ImportSource.list_id == list_id),
                delete(ImportRun).where(ImportRun.list_id == list_id),
                delete(CampaignList).where(CampaignList.list_id == list_id),
                delete(ListField).where(ListField.list_id == list_id),
                delete(ListContact).where(ListContact.list_id == list_id),
            ):
                session.execute(statement.execution_options(synchronize_session=False))
            session.delete(found)

    def fields(self, actor: Actor, list_id: int) -> dict[str, FieldType]:
        """The types of the list's custom fields, those that are said; others are text."""
        with self._db.read() as session:
            reachable_list(session, actor.scope, list_id)
            rows = session.scalars(select(ListField).where(ListField.list_id == list_id).order_by(ListField.key)).all()
        return {row.key: FieldType(FieldKind(row.kind), tuple(row.choices)) for row in rows}

    def set_fields(self, actor: Actor, list_id: int, types: Mapping[str, FieldType]) -> None:
        """Say the types of the list's custom fields; fields that are not named lose theirs.

        What contacts have already is kept as it is; imports and edits are held to the types from now on.
        """
        actor.require("contacts.import")
        for key, kind in types.items():
            if not key.strip() or len(key) > _LONGEST_NAME:
                raise InvalidInput(N_("A custom field needs a name of at most 100 characters."))
            if kind.kind is FieldKind.CHOICE and not kind.choices:
                raise InvalidInput(
                    N_("The field “%(field)s” needs values to choose from."),
                    N_("Write them one after the other, separated by commas."),
                    params={"field": key},
                )
        with self._db.write() as unit:
            reachable_list(unit.session, actor.scope, list_id)
            unit.session.execute(delete(ListField).where(ListField.list_id == list_id))
            unit.session.add_all(
                ListField(list_id=list_id, key=key.strip(), kind=kind.kind.value, choices=list(kind.choices))
                for key, kind in types.items()
            )

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
            return self._row(session, scope, list_id)

    def _row(self, session: Session, scope: Scope, list_id: int) -> ListRow:
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


def open_list(session: Session, scope: Scope, list_id: int) -> ContactList:
    """As `reachable_list`; raises Conflict where it is archived."""
    found = reachable_list(session, scope, list_id)
    if found.archived_at is not None:
        raise Conflict(N_("This list is archived."), N_("Take it back on its page first."))
    return found


def _keep_countries(session: Session, gone: ContactList) -> None:
    """Campaigns that call the countries of their lists go on calling this one's."""
    fed = select(Campaign).join(CampaignList, CampaignList.campaign_id == Campaign.id)
    for campaign in session.scalars(fed.where(CampaignList.list_id == gone.id)):
        if not campaign.allowed_countries:
            lists = select(ContactList.country).join(CampaignList, CampaignList.list_id == ContactList.id)
            countries = session.scalars(lists.where(CampaignList.campaign_id == campaign.id))
            campaign.allowed_countries = sorted(set(countries))


def _refuse_while_importing(session: Session, list_id: int) -> None:
    running = select(ImportRun.id).where(ImportRun.list_id == list_id, ImportRun.state == "running")
    if session.scalar(running.limit(1)) is not None:
        raise Conflict(N_("An import into this list is running."), N_("Wait until it has ended, or cancel it."))


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
            archived_at=row.archived_at,
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
