"""Claiming: the next contact to be called, taken by one statement, so that no two claimers ever get the same.

Order: callbacks that are due, the campaigns' rank, the record's priority, retries before fresh contacts, then age.
Contacts in a time zone where the campaign's calling window is shut are not looked at: `CampaignContact.time_zone`
mirrors the contact's, kept by the database itself.

Retries are `retry` until their time has come and `due` afterwards (`wake`): so the claim reads from one index in the
very order that it wants, whether a campaign has a thousand contacts or a million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from hookline.db.database import UnitOfWork
from hookline.db.models import AgentSession, Attempt, CampaignContact
from hookline.domain.campaigns import CallingWindow, RecordState
from hookline.services import outcomes

#: Retries whose time has come are woken so many at a time, so that no claim waits for a long update.
_WAKE_AT_MOST = 500
#: A claim that nobody made use of within this time comes back.
LEASE_SECONDS = 60

_Record = CampaignContact
#: Written out, not bound: an index with a condition serves only a query that states the same condition. Nor of a type:
#: SQLAlchemy writes "= 1" behind what it knows to be true or false, and SQLite then knows the condition no more.
_WAITING: ColumnElement[bool] = literal_column("campaign_contacts.state IN ('new', 'due')")
_PROMISED: ColumnElement[bool] = literal_column("campaign_contacts.state = 'callback'")
_RESERVED: ColumnElement[bool] = literal_column("campaign_contacts.state = 'reserved'")
_CAREFUL: ColumnElement[bool] = literal_column("campaign_contacts.agent_only_until IS NOT NULL")
_SLEEPING: ColumnElement[bool] = literal_column("campaign_contacts.state = 'retry'")

_Statement = Select[*tuple[Any, ...]]


class Kind(StrEnum):
    """Which of a campaign's contacts are wanted."""

    ALL = "all"
    #: What is called only for an agent who waits for it: callbacks, and contacts that were abandoned lately.
    WITH_AGENT = "with_agent"
    #: The rest, which the dialler calls for whoever is free by then.
    WITHOUT_AGENT = "without_agent"


@dataclass(frozen=True)
class Source:
    """A campaign to claim from. The lowest `rank` is served first."""

    campaign_id: int
    window: CallingWindow
    rank: int = 0
    kind: Kind = Kind.ALL


def claim(unit: UnitOfWork, sources: Sequence[Source], agent_id: int | None) -> CampaignContact | None:
    """Reserve the next record of these campaigns for the agent, or for the dialler (None); None where none is due.

    Callbacks promised by somebody else are left to him; the dialler takes those that are anyone's.
    """
    now = unit.clock.now()
    unit.session.flush()
    wake(unit, [source.campaign_id for source in sources])
    branches = [branch for source in sources for branch in _branches(unit.session, source, now, agent_id)]
    if not branches:
        return None
    best = union_all(*branches).subquery("best")
    order = (best.c.promised, best.c.rank, best.c.priority.desc(), best.c.since, best.c.id)
    claimed = unit.session.scalar(
        update(_Record)
        .where(_Record.id == select(best.c.id).order_by(*order).limit(1).scalar_subquery())
        .values(state=RecordState.RESERVED.value, owner_id=agent_id, reserved_at=now)
        .returning(_Record.id)
        .execution_options(synchronize_session=False)
    )
    return None if claimed is None else unit.hold(_Record, claimed)


def wake(unit: UnitOfWork, campaign_ids: Sequence[int]) -> None:
    """Make retries due whose time has come. Costs one look at an index where there are none."""
    for campaign_id in campaign_ids:
        asleep = (
            select(_Record.id)
            .where(_Record.campaign_id == campaign_id, _SLEEPING, _Record.next_due_at <= unit.clock.now())
            .order_by(_Record.next_due_at)
            .limit(_WAKE_AT_MOST)
            .with_for_update(skip_locked=True, key_share=True)
        )
        unit.session.execute(
            update(_Record)
            .where(_Record.id.in_(asleep))
            .values(state=RecordState.DUE.value)
            .execution_options(synchronize_session=False)
        )


def open_zones(session: Session, source: Source, now: datetime) -> list[str]:
    """Time zones of the campaign's waiting contacts in which its window is open now."""
    return [zone for zone in waiting_zones(session, source.campaign_id) if source.window.is_open(now, zone)]


def waiting_zones(session: Session, campaign_id: int) -> list[str]:
    """Time zones of the campaign's contacts that wait; reads as many index entries as there are zones."""
    return [str(zone) for zone in session.scalars(_ZONES, {"campaign": campaign_id})]


def _zones_query() -> Select[str]:
    """A walk from zone to zone: SELECT DISTINCT would read every contact."""
    mine = (_Record.campaign_id == bindparam("campaign"), _WAITING)
    found = select(func.min(_Record.time_zone).label("zone")).where(*mine).cte("found", recursive=True)
    following = select(func.min(_Record.time_zone)).where(*mine, _Record.time_zone > found.c.zone).scalar_subquery()
    found = found.union_all(select(following).where(found.c.zone.is_not(None)))
    return select(found.c.zone).where(found.c.zone.is_not(None))


_ZONES = _zones_query()


def _branches(session: Session, source: Source, now: datetime, agent_id: int | None) -> Iterator[_Statement]:
    """For each order of its own the best record: due callbacks, and what waits in each open zone."""
    if source.kind is not Kind.WITHOUT_AGENT:
        promised = _due_callbacks(source.campaign_id, now, agent_id)
        zones = session.scalars(select(_Record.time_zone).where(*promised).distinct())
        if callable_now := [zone for zone in zones if source.window.is_open(now, zone)]:
            yield _first(source.rank, 0, (*promised, _Record.time_zone.in_(callable_now)), _Record.next_due_at)
    for zone in open_zones(session, source, now):
        mine = (_Record.campaign_id == source.campaign_id, _Record.time_zone == zone, _WAITING)
        yield _first(
            source.rank, 1, (*mine, *_wanted(source.kind, now)), _Record.priority.desc(), _Record.state, _Record.id
        )


def _wanted(kind: Kind, now: datetime) -> tuple[ColumnElement[bool], ...]:
    match kind:
        case Kind.WITH_AGENT:
            return (_CAREFUL, _Record.agent_only_until > now)
        case Kind.WITHOUT_AGENT:
            return (or_(_Record.agent_only_until.is_(None), _Record.agent_only_until <= now),)
    return ()


def _due_callbacks(campaign_id: int, now: datetime, agent_id: int | None) -> tuple[ColumnElement[bool], ...]:
    nobodys = _Record.callback_owner_id.is_(None)
    return (
        _Record.campaign_id == campaign_id,
        _PROMISED,
        _Record.next_due_at <= now,
        nobodys if agent_id is None else or_(nobodys, _Record.callback_owner_id == agent_id),
    )


def _first(rank: int, promised: int, where: tuple[ColumnElement[bool], ...], *order: Any) -> _Statement:
    since = _Record.next_due_at if promised == 0 else literal(None, _Record.next_due_at.type)
    one = (
        select(
            _Record.id,
            literal(promised).label("promised"),
            literal(rank).label("rank"),
            _Record.priority,
            since.label("since"),
        )
        .where(*where)
        .order_by(*order)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
        .subquery()
    )
    return select(one)


def give_back_expired(unit: UnitOfWork, lease_seconds: int = LEASE_SECONDS) -> int:
    """Return claims that nobody made use of, as a claimer that died leaves them; how many.

    A claim is in use while an agent has the contact before him, or an attempt at it is open.
    """
    limit = unit.clock.now() - timedelta(seconds=lease_seconds)
    shown = exists().where(AgentSession.campaign_contact_id == _Record.id)
    tried = exists().where(Attempt.campaign_contact_id == _Record.id, Attempt.closed_at.is_(None))
    forgotten = select(_Record).where(_RESERVED, _Record.reserved_at < limit, ~shown, ~tried).limit(_WAKE_AT_MOST)
    records = unit.session.scalars(forgotten).all()
    for record in records:
        outcomes.give_back(unit, record)
    return len(records)
