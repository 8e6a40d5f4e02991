"""How contacts are found: by words and digits, list, campaign, tag and client, a page at a time in the order of ids.

A page costs the same whether it is the first or the ten-thousandth, and whatever is asked: where one of the conditions
is met by few contacts these are looked through; else the full-text index hands out those that fit, in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, exists, func, or_, select, table, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from hookline.db import contact_search
from hookline.db.contact_search import digits as as_digits
from hookline.db.contact_search import fold
from hookline.db.database import Database
from hookline.db.models import (
    CampaignContact,
    Client,
    Contact,
    ContactList,
    ContactNumber,
    ContactSearch,
    ContactTag,
    ListContact,
)
from hookline.domain.access import Actor, Role
from hookline.jobs import Job, JobRun
from hookline.services.reach import contacts_within, lists_within
from hookline.text import N_

_NUMBER_QUERY = re.compile(r"[\d\s()+.\-/]*\d[\d\s()+.\-/]*")
_FEWEST_DIGITS = 3
#: Whose contacts are few enough to look through each of them.
_FEW = 2_000
#: How far PostgreSQL looks for frequent words before it asks the index, which hands out all that fit at once.
_WINDOW = 10_000
_FTS = table("contact_fts", column("rowid"), column("contact_fts"))

Ids = Select[int]
Text = InstrumentedAttribute[str]


@dataclass(frozen=True)
class ContactFilters:
    """Which contacts; None and "" are all. `number` is E.164, `changed_since` is held against the last change."""

    client_id: int | None = None
    list_id: int | None = None
    campaign_id: int | None = None
    external_id: str = ""
    number: str = ""
    tag: str = ""
    query: str = ""
    changed_since: datetime | None = None


def in_campaigns(campaign_ids: Sequence[int]) -> ColumnElement[bool]:
    """Contacts that are in one of these campaigns."""
    return (
        exists()
        .where(CampaignContact.contact_id == Contact.id, CampaignContact.campaign_id.in_(campaign_ids))
        .correlate(Contact)
    )


def _seeing_campaigns(actor: Actor) -> list[int]:
    return [campaign_id for campaign_id, grant in actor.grants.items() if grant.see_numbers]


def ids_with_numbers_seen(session: Session, actor: Actor, contact_ids: Sequence[int]) -> set[int]:
    """Of these contacts, those whose numbers the actor sees: by a campaign of his that holds them and grants it."""
    if actor.role is not Role.AGENT:
        return set(contact_ids)
    return set(
        session.scalars(
            select(CampaignContact.contact_id).where(
                CampaignContact.contact_id.in_(contact_ids), CampaignContact.campaign_id.in_(_seeing_campaigns(actor))
            )
        )
    )


def find(session: Session, actor: Actor, wanted: ContactFilters, after: int, limit: int) -> list[int]:
    """Ids of at most `limit` contacts after id `after` that fit and are within the actor's scope, rising.

    A list or campaign outside the scope holds nothing for him.
    """
    pieces = _Pieces.of(actor, wanted.query)
    conditions = [contacts_within(actor.scope), *_conditions(session, actor, wanted)]
    few = next((ids for ids in _memberships(actor, wanted) if _are_few(session, ids)), None)
    if few is not None:
        asked = select(Contact.id).where(Contact.id.in_(few), *conditions)
        if pieces is not None:
            asked = asked.join(ContactSearch, ContactSearch.contact_id == Contact.id).where(pieces.fit(session))
        return list(session.scalars(_page(asked, Contact.id, after, limit)))
    if pieces is None:
        return list(session.scalars(_in_order(wanted, conditions, after, limit)))
    if session.get_bind().dialect.name == "sqlite":
        return list(session.scalars(_by_full_text(session, pieces, conditions, after, limit)))
    return _by_trigrams(session, pieces, conditions, after, limit)


def tidy_job(db: Database) -> Job:
    """Each night, what is left of erased and changed texts leaves the full-text index (see `contact_search.tidy`)."""

    def tidy(run: JobRun) -> None:
        more, steps = True, 0
        while more:
            with db.write() as unit:
                more = contact_search.tidy(unit.session.connection())
            steps += 1
            run.progress(steps)

    return Job("core.tidy-search", N_("Take erased texts out of the search index"), tidy, daily_at="03:40")


def _conditions(session: Session, actor: Actor, wanted: ContactFilters) -> Iterable[ColumnElement[bool]]:
    if wanted.client_id is not None:
        yield Contact.client_id == wanted.client_id
    if wanted.external_id:
        yield Contact.external_id == wanted.external_id
    if wanted.changed_since is not None:
        yield Contact.updated_at >= wanted.changed_since
    if wanted.campaign_id is not None:
        mine = actor.scope.campaigns is None or wanted.campaign_id in actor.scope.campaigns
        yield in_campaigns([wanted.campaign_id] if mine else [])
    if wanted.list_id is not None:
        reachable = select(ContactList.id).where(ContactList.id == wanted.list_id, lists_within(actor.scope))
        lists = list(session.scalars(reachable))
        yield exists().where(ListContact.contact_id == Contact.id, ListContact.list_id.in_(lists)).correlate(Contact)
    if wanted.tag:
        yield exists().where(ContactTag.contact_id == Contact.id, ContactTag.tag == wanted.tag).correlate(Contact)
    if wanted.number:
        held = exists().where(ContactNumber.contact_id == Contact.id, ContactNumber.e164 == wanted.number)
        yield held.correlate(Contact)
        if actor.role is Role.AGENT:
            yield in_campaigns(_seeing_campaigns(actor))


def _memberships(actor: Actor, wanted: ContactFilters) -> Iterable[Ids]:
    """What of the question may be met by few contacts, as their ids; the likeliest first."""
    if wanted.number:
        yield select(ContactNumber.contact_id).where(ContactNumber.e164 == wanted.number)
    if wanted.external_id:
        clients = select(Client.id)
        yield select(Contact.id).where(Contact.client_id.in_(clients), Contact.external_id == wanted.external_id)
    if wanted.tag:
        clients = select(Client.id)
        yield select(ContactTag.contact_id).where(ContactTag.client_id.in_(clients), ContactTag.tag == wanted.tag)
    if wanted.list_id is not None:
        yield select(ListContact.contact_id).where(ListContact.list_id == wanted.list_id)
    if wanted.campaign_id is not None:
        yield select(CampaignContact.contact_id).where(CampaignContact.campaign_id == wanted.campaign_id)
    if actor.scope.campaigns is not None:
        mine = CampaignContact.campaign_id.in_(actor.scope.campaigns)
        yield select(CampaignContact.contact_id).where(mine)
    if wanted.client_id is not None:
        yield select(Contact.id).where(Contact.client_id == wanted.client_id)
    elif actor.scope.clients is not None:
        yield select(Contact.id).where(Contact.client_id.in_(actor.scope.clients))


def _are_few(session: Session, ids: Ids) -> bool:
    counted = select(func.count()).select_from(ids.limit(_FEW + 1).subquery())
    return (session.scalar(counted) or 0) <= _FEW


def _page(asked: Ids, key: Any, after: int, limit: int) -> Ids:
    return asked.where(key > after).order_by(key).limit(limit)


def _in_order(wanted: ContactFilters, conditions: Sequence[ColumnElement[bool]], after: int, limit: int) -> Ids:
    """Without words: by the index of the list or campaign where one is named, else by the contacts' own."""
    if wanted.list_id is not None:
        asked = select(Contact.id).join(ListContact, ListContact.contact_id == Contact.id)
        asked = asked.where(ListContact.list_id == wanted.list_id, *conditions)
        return _page(asked, ListContact.contact_id, after, limit)
    if wanted.campaign_id is not None:
        asked = select(Contact.id).join(CampaignContact, CampaignContact.contact_id == Contact.id)
        asked = asked.where(CampaignContact.campaign_id == wanted.campaign_id, *conditions)
        return _page(asked, CampaignContact.contact_id, after, limit)
    return _page(select(Contact.id).where(*conditions), Contact.id, after, limit)


def _by_full_text(
    session: Session, pieces: _Pieces, conditions: Sequence[ColumnElement[bool]], after: int, limit: int
) -> Ids:
    match = pieces.match
    if not match:
        # Only words of one or two letters: they are frequent, and found on the way.
        asked = select(Contact.id).join(ContactSearch, ContactSearch.contact_id == Contact.id)
        return _page(asked.where(pieces.fit(session), *conditions), ContactSearch.contact_id, after, limit)
    asked = (
        select(Contact.id)
        .select_from(_FTS)
        .join(ContactSearch, ContactSearch.contact_id == _FTS.c.rowid)
        .join(Contact, Contact.id == ContactSearch.contact_id)
        .where(_FTS.c.contact_fts.op("MATCH")(match), pieces.fit(session), *conditions)
    )
    return _page(asked, _FTS.c.rowid, after, limit)


def _by_trigrams(
    session: Session, pieces: _Pieces, conditions: Sequence[ColumnElement[bool]], after: int, limit: int
) -> list[int]:
    around = _page(select(ContactSearch), ContactSearch.contact_id, after, _WINDOW).subquery()
    window = aliased(ContactSearch, around)
    near = select(Contact.id).join(window, window.contact_id == Contact.id)
    near = near.where(pieces.fit(session, window.text), *conditions)
    found = list(session.scalars(_page(near, Contact.id, after, limit)))
    if len(found) == limit:
        return found
    hits = select(ContactSearch.contact_id).where(pieces.fit(session)).cte("hits")
    hits = hits.prefix_with("MATERIALIZED", dialect="postgresql")
    all_of_them = select(Contact.id).join(hits, hits.c.contact_id == Contact.id).where(*conditions)
    return list(session.scalars(_page(all_of_them, Contact.id, after, limit)))


@dataclass(frozen=True)
class _Pieces:
    """What a text must contain: one of each of these alternatives. `seeing`: digits count within these campaigns."""

    words: tuple[str, ...]
    digits: str = ""
    seeing: tuple[int, ...] | None = None

    @classmethod
    def of(cls, actor: Actor, query: str) -> _Pieces | None:
        """The pieces of what somebody typed; None where he typed nothing."""
        text = " ".join(query.split())
        if not text:
            return None
        if not _NUMBER_QUERY.fullmatch(text):
            return cls(tuple(dict.fromkeys(fold(text).split())))
        plain = re.sub(r"\D", "", text)
        if len(plain) < _FEWEST_DIGITS:
            return cls((fold(text),))
        # A national trunk zero or an international 00 is not part of E.164.
        stripped = plain.lstrip("0")
        shown = as_digits(stripped if len(stripped) >= _FEWEST_DIGITS else plain)
        seeing = tuple(_seeing_campaigns(actor)) if actor.role is Role.AGENT else None
        return cls((fold(text),), shown, seeing)

    def fit(self, session: Session, text: Text = ContactSearch.text) -> ColumnElement[bool]:
        """The condition on the text."""
        sqlite = session.get_bind().dialect.name == "sqlite"
        # The index narrows down by the longest word; the others are looked for in the few texts that are left.
        longest = max(self.words, key=len, default="")
        rest = (func.strpos(text, word) > 0 for word in self.words if word != longest) if not sqlite else ()
        asked = self.words if sqlite else (longest,)
        said = and_(true(), *(_contains(text, word, sqlite) for word in asked), *rest)
        if not self.digits:
            return said
        held = _contains(text, self.digits, sqlite)
        return or_(said, held if self.seeing is None else held & in_campaigns(self.seeing))

    @property
    def match(self) -> str:
        """The question to the full-text table, in trigrams; "" where the words are too short for one."""
        said = " AND ".join(part for word in self.words if (part := _trigrams(word)))
        if not self.digits:
            return said
        held = _trigrams(self.digits)
        return f"({said}) OR ({held})" if said else ""


def _trigrams(piece: str) -> str:
    """Trigrams of the piece that do not overlap: enough to narrow down to few, whose text is then looked at. The part
    of an e-mail address after the @ is everybody's."""
    local, at, _domain = piece.partition("@")
    telling = local + at if len(local) >= 3 else piece
    last = len(telling) - 3
    cut = dict.fromkeys(telling[i : i + 3].replace('"', '""') for i in (*range(0, last, 3), last) if last >= 0)
    return " AND ".join(f'"{trigram}"' for trigram in cut)


def _contains(text: Text, piece: str, sqlite: bool) -> ColumnElement[bool]:
    if sqlite:
        return func.instr(text, piece) > 0
    return text.like("%" + re.sub(r"([\\%_])", r"\\\1", piece) + "%", escape="\\")
