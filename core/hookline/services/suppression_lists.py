"""Suppression lists themselves: named, each for the installation, one client or one campaign."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, func, or_, select, true
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Campaign, Client, Suppression, SuppressionList
from hookline.domain.access import Actor, Role, Scope
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.text import N_

_LONGEST_NAME = 120
_FIRST_NAME = "Suppression list"


@dataclass(frozen=True)
class Reach:
    """For whom a number is suppressed: a campaign, else a client, else (neither) the whole installation."""

    client_id: int | None = None
    campaign_id: int | None = None


@dataclass(frozen=True)
class Place:
    """A list that numbers go on."""

    list_id: int
    reach: Reach


@dataclass(frozen=True)
class SuppressionListRow:
    """A list as it is shown; `numbers` counts its entries, also those that have expired."""

    id: int
    name: str
    reach: Reach
    client_name: str
    campaign_name: str
    numbers: int


class SuppressionLists:
    """Makes, names, shows and deletes suppression lists."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def index(self, actor: Actor) -> list[SuppressionListRow]:
        """Every list within the actor's scope; those of the installation first."""
        actor.require("suppression.view")
        with self._db.read() as session:
            return _rows(session, lists_within(actor.scope))

    def get(self, actor: Actor, list_id: int) -> SuppressionListRow:
        """One list; raises NotFound."""
        actor.require("suppression.view")
        with self._db.read() as session:
            found = _rows(session, lists_within(actor.scope) & (SuppressionList.id == list_id))
        if not found:
            raise _no_list()
        return found[0]

    def create(self, actor: Actor, name: str, reach: Reach) -> int:
        """Add an empty list; returns its id. Raises NotFound, NotPermitted, Conflict (name taken) or InvalidInput."""
        actor.require("suppression.manage")
        with self._db.write() as unit:
            require_reach(unit.session, actor, reach)
            return _make(unit, _checked_name(unit.session, name, reach), reach)

    def rename(self, actor: Actor, list_id: int, name: str) -> None:
        """Give the list another name."""
        actor.require("suppression.manage")
        with self._db.write() as unit:
            row = _changeable(unit.session, actor, list_id)
            if " ".join(name.split()) != row.name:
                row.name = _checked_name(unit.session, name, Reach(row.client_id, row.campaign_id))

    def delete(self, actor: Actor, list_id: int) -> int:
        """Delete the list with its entries: their numbers may be called again, unless another list has them.

        Returns how many entries went.
        """
        actor.require("suppression.manage")
        with self._db.write() as unit:
            row = _changeable(unit.session, actor, list_id)
            asked = select(func.count()).select_from(Suppression).where(Suppression.list_id == list_id)
            count = unit.session.scalar(asked) or 0
            unit.session.execute(delete(Suppression).where(Suppression.list_id == list_id))
            unit.session.delete(row)
        return count


def place_of(unit: UnitOfWork, actor: Actor, into: Reach | int) -> Place:
    """The list by its id, or the first of a reach, made where there is none; raises NotFound, NotPermitted."""
    if isinstance(into, Reach):
        require_reach(unit.session, actor, into)
        return Place(first_list(unit, into), into)
    row = _changeable(unit.session, actor, into)
    return Place(row.id, Reach(row.client_id, row.campaign_id))


def first_list(unit: UnitOfWork, reach: Reach) -> int:
    """The id of the oldest list of a reach; one is made where there is none."""
    asked = select(SuppressionList.id).where(_of_reach(reach)).order_by(SuppressionList.id).limit(1)
    found = unit.session.scalar(asked)
    return found if found is not None else _make(unit, _FIRST_NAME, reach)


def entries_within(scope: Scope) -> ColumnElement[bool]:
    """Entries that the scope may see: its clients' and campaigns', and those of the installation, which bind all."""
    condition: ColumnElement[bool] = true()
    if scope.clients is not None:
        condition &= or_(Suppression.client_id.is_(None), Suppression.client_id.in_(scope.clients))
    if scope.campaigns is not None:
        condition &= or_(Suppression.campaign_id.is_(None), Suppression.campaign_id.in_(scope.campaigns))
    return condition


def lists_within(scope: Scope) -> ColumnElement[bool]:
    """Lists that the scope may see, as `entries_within`."""
    condition: ColumnElement[bool] = true()
    if scope.clients is not None:
        condition &= or_(SuppressionList.client_id.is_(None), SuppressionList.client_id.in_(scope.clients))
    if scope.campaigns is not None:
        condition &= or_(SuppressionList.campaign_id.is_(None), SuppressionList.campaign_id.in_(scope.campaigns))
    return condition


def require_reach(session: Session, actor: Actor, reach: Reach) -> None:
    """Raise where the actor may not suppress numbers for so many: NotPermitted, NotFound, InvalidInput."""
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


def _changeable(session: Session, actor: Actor, list_id: int) -> SuppressionList:
    row = session.scalar(select(SuppressionList).where(SuppressionList.id == list_id, lists_within(actor.scope)))
    if row is None:
        raise _no_list()
    require_reach(session, actor, Reach(row.client_id, row.campaign_id))
    return row


def _make(unit: UnitOfWork, name: str, reach: Reach) -> int:
    row = SuppressionList(
        name=name, client_id=reach.client_id, campaign_id=reach.campaign_id, created_at=unit.clock.now()
    )
    unit.session.add(row)
    unit.session.flush()
    return row.id


def _checked_name(session: Session, name: str, reach: Reach) -> str:
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > _LONGEST_NAME:
        raise InvalidInput(
            N_("The list needs a name of at most 120 characters."),
            fields={"name": [N_("Write a name of at most 120 characters.")]},
        )
    if session.scalar(select(SuppressionList.id).where(SuppressionList.name == wanted, _of_reach(reach))):
        raise Conflict(N_("There is a suppression list of that name already."), N_("Choose another name."))
    return wanted


def _of_reach(reach: Reach) -> ColumnElement[bool]:
    return SuppressionList.client_id.is_not_distinct_from(
        reach.client_id
    ) & SuppressionList.campaign_id.is_not_distinct_from(reach.campaign_id)


def _rows(session: Session, condition: ColumnElement[bool]) -> list[SuppressionListRow]:
    counts = select(Suppression.list_id, func.count().label("n")).group_by(Suppression.list_id).subquery()
    found = session.execute(
        select(SuppressionList, Client.name, Campaign.name, counts.c.n)
        .outerjoin(Client, Client.id == SuppressionList.client_id)
        .outerjoin(Campaign, Campaign.id == SuppressionList.campaign_id)
        .outerjoin(counts, counts.c.list_id == SuppressionList.id)
        .where(condition)
        .order_by(SuppressionList.client_id.is_not(None), Client.name, Campaign.name, SuppressionList.name)
    )
    return [
        SuppressionListRow(
            row.id, row.name, Reach(row.client_id, row.campaign_id), client or "", campaign or "", numbers or 0
        )
        for row, client, campaign, numbers in found
    ]


def _no_list() -> NotFound:
    return NotFound(N_("There is no such suppression list."), N_("Choose one from the suppression lists' page."))
