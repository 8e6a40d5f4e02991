"""Calls as people look them up: the list with its filters, and everything about one call.

Whoever asks is an actor: agents find only their own calls in their campaigns, others those of their clients. Numbers
come masked to those who may not see them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Call, Campaign, Contact, DialDecision, Disposition, Recording, User
from hookline.domain.access import Actor, Role, mask_number
from hookline.domain.calls import CallResult
from hookline.errors import NotFound
from hookline.ports.hooks import Hooks
from hookline.services import keyset
from hookline.services.explain import PastDecision, past_decision
from hookline.services.figures import DAY_ZONE
from hookline.services.keyset import Cursor, KeysetPage
from hookline.services.recordings import may_hear
from hookline.text import N_

PAGE_SIZE = 50


@dataclass(frozen=True)
class CallFilters:
    """What to look for; None is anything. Days are the clients' local days, both included."""

    campaign_id: int | None = None
    agent_id: int | None = None
    result: CallResult | None = None
    disposition: str | None = None  # its code
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True)
class CallLine:
    """A call in a list. `number` is masked where the reader may not see it; `playable` recordings are his to hear."""

    call: Call
    campaign_name: str
    contact_name: str
    agent_name: str
    number: str
    disposition: Disposition | None
    playable: int

    @property
    def talk_seconds(self) -> float | None:
        """How long customer and agent heard each other; None where they never did, or still do."""
        over = self.call.agent_left_at or self.call.ended_at
        if self.call.agent_connected_at is None or over is None:
            return None
        return (over - self.call.agent_connected_at).total_seconds()


@dataclass(frozen=True)
class Choices:
    """What the filters can be set to: (id or code, name)."""

    campaigns: tuple[tuple[int, str], ...]
    agents: tuple[tuple[int, str], ...]
    dispositions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CallRecord:
    """Everything about one call. `answers` are the script's, by question; `recordings` those the reader may hear."""

    line: CallLine
    client_id: int
    decision: PastDecision | None
    recordings: tuple[Recording, ...]
    answers: tuple[tuple[str, str], ...]


class CallReadService:
    """Finds calls for an actor."""

    def __init__(self, db: Database, hooks: Hooks) -> None:
        self._db = db
        self._hooks = hooks

    def list_calls(
        self, actor: Actor, filters: CallFilters, cursor: Cursor | None = None, size: int = PAGE_SIZE
    ) -> KeysetPage[CallLine]:
        """Calls that the actor may see, newest first."""
        query = _lines().where(calls_within(actor), _wanted(filters))
        with self._db.read() as session:
            rows, before, after = keyset.fetch(session, query, Call.id, cursor or Cursor(), size, newest_first=True)
            recorded = _recorded(session, [row[0].id for row in rows])
        lines = [_line(actor, row, recorded) for row in rows]
        return keyset.page(lines, before, after, lambda line: line.call.id)

    def choices(self, actor: Actor) -> Choices:
        """What the actor can filter by: only what his calls have."""
        mine = select(Call.campaign_id).where(calls_within(actor)).distinct()
        with self._db.read() as session:
            campaigns = session.execute(
                select(Campaign.id, Campaign.name).where(Campaign.id.in_(mine)).order_by(func.lower(Campaign.name))
            )
            agents = session.execute(
                select(User.id, User.display_name)
                .where(User.id.in_(select(Call.agent_id).where(calls_within(actor)).distinct()))
                .order_by(User.display_name)
            )
            dispositions = session.execute(
                select(Disposition.code, func.min(Disposition.label))
                .where(Disposition.campaign_id.in_(mine))
                .group_by(Disposition.code)
                .order_by(func.min(Disposition.label))
            )
            return Choices(
                tuple((i, n) for i, n in campaigns),
                tuple((i, n) for i, n in agents),
                tuple((c, n) for c, n in dispositions),
            )

    def get(self, actor: Actor, call_id: int) -> CallRecord:
        """One call; NotFound where the actor may not see it."""
        with self._db.read() as session:
            row = session.execute(_lines().where(Call.id == call_id, calls_within(actor))).first()
            if row is None:
                raise NotFound(N_("There is no such call."))
            call: Call = row[0]
            decision = session.scalar(select(DialDecision).where(DialDecision.attempt_id == call.attempt_id))
            stored = session.scalars(
                select(Recording)
                .where(Recording.call_id == call_id, Recording.state == "stored")
                .order_by(Recording.started_at)
            ).all()
            audible = tuple(stored) if may_hear(actor, call) else ()
        return CallRecord(
            line=_line(actor, row, {call_id: len(audible)}),
            client_id=call.client_id,
            decision=past_decision(decision) if decision else None,
            recordings=audible,
            answers=self._answers(call_id),
        )

    def _answers(self, call_id: int) -> tuple[tuple[str, str], ...]:
        # Every engine is asked: the campaign may have changed its script since the call.
        found: list[tuple[str, str]] = []
        for engine in self._hooks.script_engines().values():
            found += engine.answers([call_id]).get(call_id, {}).items()
        return tuple(found)


def calls_within(actor: Actor) -> ColumnElement[bool]:
    """Calls that the actor may see at all, as a condition."""
    condition: ColumnElement[bool] = true()
    if actor.scope.clients is not None:
        condition &= Call.client_id.in_(actor.scope.clients)
    if actor.scope.campaigns is not None:
        condition &= Call.campaign_id.in_(actor.scope.campaigns)
    if actor.role is Role.AGENT:
        condition &= Call.agent_id == actor.user_id
    return condition


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(Call, Campaign.name, Contact, User.display_name, Disposition)
        .join(Campaign, Campaign.id == Call.campaign_id)
        .join(Contact, Contact.id == Call.contact_id)
        .outerjoin(User, User.id == Call.agent_id)
        .outerjoin(Disposition, Disposition.id == Call.disposition_id)
    )


def _wanted(filters: CallFilters) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = true()
    if filters.campaign_id is not None:
        condition &= Call.campaign_id == filters.campaign_id
    if filters.agent_id is not None:
        condition &= Call.agent_id == filters.agent_id
    if filters.result is not None:
        condition &= Call.result == filters.result.value
    if filters.disposition is not None:
        condition &= Disposition.code == filters.disposition
    if filters.first_day is not None:
        condition &= Call.queued_at >= _midnight(filters.first_day)
    if filters.last_day is not None:
        condition &= Call.queued_at < _midnight(filters.last_day + timedelta(days=1))
    return condition


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(DAY_ZONE))


def _recorded(session: Session, call_ids: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(Recording.call_id, func.count())
        .where(Recording.call_id.in_(call_ids), Recording.state == "stored")
        .group_by(Recording.call_id)
    )
    return dict(rows.all())


def _line(actor: Actor, row: Any, recorded: dict[int, int]) -> CallLine:
    call, campaign_name, contact, agent_name, disposition = row
    shown = call.number if actor.sees_numbers(call.campaign_id) else mask_number(call.number)
    playable = recorded.get(call.id, 0) if may_hear(actor, call) else 0
    return CallLine(call, campaign_name, contact.name, agent_name or "", shown, disposition, playable)
