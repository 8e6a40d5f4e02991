"""Lists for programs: everything within an actor's scope in the order of its ids, a page at a time.

Rows that are added while a program reads come at the end, so that it misses none and gets none twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from hookline.db.database import Database
from hookline.db.models import (
    AgentSession,
    Campaign,
    CampaignAgent,
    Contact,
    Disposition,
    ImportRun,
    User,
)
from hookline.domain.access import Actor, Role, mask_number
from hookline.errors import NotFound
from hookline.services import keyset
from hookline.services.contact_search import ContactFilters, find, ids_with_numbers_seen
from hookline.services.contact_views import NumberView
from hookline.services.figures import campaigns_within
from hookline.services.imports.service import runs_within
from hookline.services.keyset import Cursor, KeysetPage
from hookline.text import N_

T = TypeVar("T")


@dataclass(frozen=True)
class ContactEntry:
    """A contact and its numbers as the reader may see them."""

    contact: Contact
    numbers: tuple[NumberView, ...]


@dataclass(frozen=True)
class AgentEntry:
    """Somebody who takes calls, and where he stands; `session` None: he never began a shift."""

    user: User
    session: AgentSession | None

    @property
    def state(self) -> str:
        """The state of his shift."""
        return self.session.state if self.session else "offline"


class Feeds:
    """Reads lists page by page; each method says which permission it needs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def contacts(self, actor: Actor, wanted: ContactFilters, after: int | None, limit: int) -> KeysetPage[ContactEntry]:
        """Contacts with their numbers (contacts.view)."""
        actor.require("contacts.view")
        with self._db.read() as session:
            ids = find(session, actor, wanted, after or 0, limit + 1)
            asked = select(Contact).where(Contact.id.in_(ids[:limit])).order_by(Contact.id)
            contacts = list(session.scalars(asked.options(selectinload(Contact.numbers))))
            seen = ids_with_numbers_seen(session, actor, ids[:limit])
        entries = [ContactEntry(c, _numbers(c, c.id in seen)) for c in contacts]
        return keyset.page(entries, after is not None, len(ids) > limit, lambda entry: entry.contact.id)

    def campaigns(
        self, actor: Actor, after: int | None, limit: int, *, client_id: int | None = None, state: str = ""
    ) -> KeysetPage[Campaign]:
        """Campaigns (campaigns.view)."""
        actor.require("campaigns.view")
        query = select(Campaign).where(campaigns_within(actor.scope))
        if client_id is not None:
            query = query.where(Campaign.client_id == client_id)
        if state:
            query = query.where(Campaign.state == state)
        return self._page(query, Campaign.id, after, limit, lambda row: row[0])

    def dispositions(
        self, actor: Actor, after: int | None, limit: int, *, campaign_id: int | None = None
    ) -> KeysetPage[Disposition]:
        """Dispositions of campaigns, also those that are taken out, since calls have them (campaigns.view)."""
        actor.require("campaigns.view")
        query = _dispositions(actor)
        if campaign_id is not None:
            query = query.where(Disposition.campaign_id == campaign_id)
        return self._page(query, Disposition.id, after, limit, lambda row: row[0])

    def disposition(self, actor: Actor, disposition_id: int) -> Disposition:
        """One disposition; raises NotFound (campaigns.view)."""
        actor.require("campaigns.view")
        with self._db.read() as session:
            found = session.scalar(_dispositions(actor).where(Disposition.id == disposition_id))
        if found is None:
            raise NotFound(N_("There is no such disposition."))
        return found

    def imports(
        self, actor: Actor, after: int | None, limit: int, *, list_id: int | None = None
    ) -> KeysetPage[ImportRun]:
        """Imports (contacts.import)."""
        actor.require("contacts.import")
        query = select(ImportRun).where(runs_within(actor.scope))
        if list_id is not None:
            query = query.where(ImportRun.list_id == list_id)
        return self._page(query, ImportRun.id, after, limit, lambda row: row[0])

    def agents(
        self, actor: Actor, after: int | None, limit: int, *, campaign_id: int | None = None
    ) -> KeysetPage[AgentEntry]:
        """Agents with their state (agents.watch): those who work in campaigns of the scope, or all for all clients."""
        actor.require("agents.watch")
        return self._page(_agents(actor, campaign_id), User.id, after, limit, lambda row: AgentEntry(*row))

    def agent(self, actor: Actor, user_id: int) -> AgentEntry:
        """One agent; raises NotFound (agents.watch)."""
        actor.require("agents.watch")
        with self._db.read() as session:
            found = session.execute(_agents(actor, None).where(User.id == user_id)).first()
        if found is None:
            raise NotFound(N_("There is no such agent."))
        return AgentEntry(*found)

    def _page(
        self,
        query: Select[*tuple[Any, ...]],
        key: InstrumentedAttribute[int],
        after: int | None,
        limit: int,
        make: Callable[[Any], T],
    ) -> KeysetPage[T]:
        with self._db.read() as session:
            rows, before, more = keyset.fetch(session, query, key, Cursor(after), limit)
        made = [make(row) for row in rows]
        next_key = getattr(rows[-1][0], key.key) if more else None
        return KeysetPage(tuple(made), None if not before else getattr(rows[0][0], key.key, None), next_key)


def _numbers(contact: Contact, seen: bool) -> tuple[NumberView, ...]:
    return tuple(
        NumberView(n.id, n.e164 if seen else mask_number(n.e164), n.state, n.last_result, "") for n in contact.numbers
    )


def _dispositions(actor: Actor) -> Select[Disposition]:
    return (
        select(Disposition).join(Campaign, Campaign.id == Disposition.campaign_id).where(campaigns_within(actor.scope))
    )


def _agents(actor: Actor, campaign_id: int | None) -> Select[User, AgentSession]:
    query = (
        select(User, AgentSession)
        .outerjoin(AgentSession, AgentSession.user_id == User.id)
        .where(or_(User.role == Role.AGENT.value, AgentSession.user_id.is_not(None)))
    )
    assigned = (
        select(CampaignAgent.user_id)
        .join(Campaign, Campaign.id == CampaignAgent.campaign_id)
        .where(campaigns_within(actor.scope))
    )
    if campaign_id is not None:
        return query.where(User.id.in_(assigned.where(Campaign.id == campaign_id)))
    return query if actor.scope.clients is None else query.where(User.id.in_(assigned))
