"""Callbacks: booked at a call's end, reminded of, presented first when due, moved and cancelled by people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, selectinload

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import (
    AgentSession,
    Call,
    Callback,
    Campaign,
    CampaignAgent,
    CampaignContact,
    Contact,
    User,
)
from hookline.domain.access import Actor, Role, mask_number
from hookline.domain.agents import AgentState
from hookline.domain.callbacks import CallbackState, CallbackWish, moment_of
from hookline.domain.campaigns import RecordState
from hookline.domain.events import CallbackChanged, CallbackDue
from hookline.errors import Conflict, InvalidInput, NotFound, NotPermitted
from hookline.services.calling_windows import window_of
from hookline.text import N_

#: People are reminded this long before a callback is due.
REMIND_SECONDS = 300
#: An owner who is not at work so long after the time is absent: somebody else keeps his promise.
ABSENT_SECONDS = 900


@dataclass(frozen=True)
class CallbackLine:
    """A callback as the calendar shows it. `contact` is his name, else his number as the actor may see it.

    `absent`: it is personal and its owner is not at work now, or will not be any more.
    """

    callback: Callback
    contact: str
    campaign: str
    owner: str
    absent: bool = False


def book(unit: UnitOfWork, call: Call, record: CampaignContact, wish: CallbackWish, note: str) -> Callback:
    """Keep the promise made in this call; refuses a time that has passed or is outside the calling window."""
    contact = unit.session.get_one(Contact, record.contact_id)
    campaign = unit.session.get_one(Campaign, record.campaign_id)
    due_at = _checked_moment(campaign, contact.time_zone, wish.wall, unit.clock.now())
    close(unit, record, CallbackState.DONE)
    callback = Callback(
        client_id=record.client_id,
        campaign_id=record.campaign_id,
        campaign_contact_id=record.id,
        contact_id=record.contact_id,
        call_id=call.id,
        owner_id=call.agent_id if wish.personal else None,
        booked_by=call.agent_id,
        wall_time=wish.wall.isoformat(timespec="minutes"),
        zone=contact.time_zone,
        due_at=due_at,
        note=note,
        state=CallbackState.OPEN.value,
        created_at=unit.clock.now(),
    )
    unit.session.add(callback)
    unit.session.flush()
    _await(unit, record, callback)
    _tell(unit, callback)
    return callback


def close(unit: UnitOfWork, record: CampaignContact, state: CallbackState) -> None:
    """The record's open callback, if there is one, is kept or given up."""
    if record.callback_id is None:
        return
    callback = unit.session.get(Callback, record.callback_id)
    record.callback_id = record.callback_owner_id = None
    if callback is not None and callback.state == CallbackState.OPEN:
        callback.state, callback.closed_at = state.value, unit.clock.now()
        unit.session.flush()
        _tell(unit, callback)


def _await(unit: UnitOfWork, record: CampaignContact, callback: Callback) -> None:
    record.state, record.next_due_at = RecordState.CALLBACK.value, callback.due_at
    record.callback_id, record.callback_owner_id = callback.id, callback.owner_id
    record.owner_id, record.reserved_at, record.updated_at = None, None, unit.clock.now()


def _checked_moment(campaign: Campaign, zone: str, wall: datetime, now: datetime) -> datetime:
    due_at = moment_of(wall, zone)
    if due_at <= now:
        raise InvalidInput(
            N_("This time has passed."), N_("Choose a later one."), {"wall": [N_("This time has passed.")]}
        )
    if not window_of(campaign).is_open(due_at, zone):
        text = N_("The campaign may not call at that time.")
        raise InvalidInput(text, N_("Choose a time inside its calling window."), {"wall": [text]})
    return due_at


def _tell(unit: UnitOfWork, callback: Callback) -> None:
    unit.emit(
        CallbackChanged(
            client_id=callback.client_id,
            campaign_id=callback.campaign_id,
            contact_id=callback.contact_id,
            agent_id=callback.owner_id,
            callback_id=callback.id,
            state=callback.state,
        )
    )


class CallbackService:
    """The calendar of promises."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def list_between(
        self, actor: Actor, begin: datetime, end: datetime, *, own_only: bool = False
    ) -> list[CallbackLine]:
        """Open callbacks due in the time, earliest first: an agent's own and anyone's, others' by scope.

        `own_only` leaves out those that are not the actor's.
        """
        query = (
            select(Callback, Contact, Campaign.name, User, AgentSession.state)
            .join(Contact, Contact.id == Callback.contact_id)
            .join(Campaign, Campaign.id == Callback.campaign_id)
            .outerjoin(User, User.id == Callback.owner_id)
            .outerjoin(AgentSession, AgentSession.user_id == Callback.owner_id)
            .where(Callback.state == CallbackState.OPEN, Callback.due_at >= begin, Callback.due_at < end)
            .options(selectinload(Contact.numbers))
            .order_by(Callback.due_at, Callback.id)
        )
        if own_only:
            query = query.where(Callback.owner_id == actor.user_id)
        with self._db.read() as session:
            rows = session.execute(query.where(*_visible(actor))).all()
        return [
            CallbackLine(
                callback,
                contact.name or _number(actor, callback, contact),
                campaign,
                owner.display_name if owner is not None else "",
                owner is not None and (not owner.active or _away(state)),
            )
            for callback, contact, campaign, owner, state in rows
        ]

    def move(self, actor: Actor, callback_id: int, wall: datetime, owner_id: int | None) -> None:
        """Agree on another time, or give it to somebody else (None: anyone)."""
        with self._db.write() as unit:
            callback = self._changeable(unit.session, actor, callback_id)
            if actor.role is Role.AGENT and owner_id not in (None, actor.user_id):
                raise NotPermitted(N_("You may not give callbacks to others."), N_("Ask your supervisor."))
            if owner_id is not None and unit.session.get(CampaignAgent, (callback.campaign_id, owner_id)) is None:
                raise InvalidInput(N_("That agent does not work in this campaign."), fields={"owner_id": ["—"]})
            campaign = unit.session.get_one(Campaign, callback.campaign_id)
            callback.due_at = _checked_moment(campaign, callback.zone, wall, unit.clock.now())
            callback.wall_time = wall.isoformat(timespec="minutes")
            callback.owner_id, callback.reminded_at = owner_id, None
            record = unit.session.get_one(CampaignContact, callback.campaign_contact_id)
            if record.state == RecordState.CALLBACK:
                _await(unit, record, callback)
            _tell(unit, callback)

    def cancel(self, actor: Actor, callback_id: int) -> None:
        """Give the promise up; the contact is done in this campaign."""
        with self._db.write() as unit:
            callback = self._changeable(unit.session, actor, callback_id)
            record = unit.session.get_one(CampaignContact, callback.campaign_contact_id)
            if record.state != RecordState.CALLBACK:
                raise Conflict(N_("An agent is with this contact now."), N_("Wait until the call is done."))
            close(unit, record, CallbackState.CANCELLED)
            record.state, record.next_due_at, record.updated_at = RecordState.DONE.value, None, unit.clock.now()

    def _changeable(self, session: Session, actor: Actor, callback_id: int) -> Callback:
        callback = session.scalar(
            select(Callback).where(Callback.id == callback_id, Callback.state == CallbackState.OPEN, *_visible(actor))
        )
        if callback is None:
            raise NotFound(N_("There is no such callback."))
        return callback

    def release_absent(self) -> int:
        """Give callbacks to anyone whose owner has not come to work a quarter of an hour after the time; how many."""
        limit = self._db.clock.now() - timedelta(seconds=ABSENT_SECONDS)
        at_work = exists().where(
            AgentSession.user_id == Callback.owner_id, AgentSession.state != AgentState.OFFLINE.value
        )
        missed = select(Callback).where(
            Callback.state == CallbackState.OPEN, Callback.owner_id.is_not(None), Callback.due_at <= limit, ~at_work
        )
        with self._db.read() as session:
            if session.scalar(missed.with_only_columns(Callback.id).limit(1)) is None:
                return 0
        with self._db.write() as unit:
            found = unit.session.scalars(missed).all()
            for callback in found:
                _free(unit, callback)
                _tell(unit, callback)
            return len(found)

    def remind(self) -> int:
        """Tell people of callbacks that are due soon, once each; those of people who left become anyone's."""
        limit = self._db.clock.now() + timedelta(seconds=REMIND_SECONDS)
        waiting = (Callback.state == CallbackState.OPEN) & Callback.reminded_at.is_(None) & (Callback.due_at <= limit)
        with self._db.read() as session:
            if session.scalar(select(Callback.id).where(waiting).limit(1)) is None:
                return 0
        with self._db.write() as unit:
            due = unit.session.scalars(select(Callback).where(waiting)).all()
            for callback in due:
                callback.reminded_at = unit.clock.now()
                _free_of_absent_owner(unit, callback)
                unit.emit(
                    CallbackDue(
                        client_id=callback.client_id,
                        campaign_id=callback.campaign_id,
                        contact_id=callback.contact_id,
                        agent_id=callback.owner_id,
                        callback_id=callback.id,
                        due_at=callback.due_at.isoformat(),
                    )
                )
            return len(due)


def _free_of_absent_owner(unit: UnitOfWork, callback: Callback) -> None:
    owner = unit.session.get(User, callback.owner_id) if callback.owner_id else None
    assigned = unit.session.get(CampaignAgent, (callback.campaign_id, callback.owner_id)) if owner else None
    if owner is not None and (not owner.active or assigned is None):
        _free(unit, callback)


def _free(unit: UnitOfWork, callback: Callback) -> None:
    """From now on it is anyone's."""
    callback.owner_id = None
    record = unit.session.get_one(CampaignContact, callback.campaign_contact_id)
    record.callback_owner_id = None


def _away(state: str | None) -> bool:
    return state is None or state == AgentState.OFFLINE


def _number(actor: Actor, callback: Callback, contact: Contact) -> str:
    number = next((n.e164 for n in contact.numbers if n.state == "valid"), "")
    return number if actor.sees_numbers(callback.campaign_id) or not number else mask_number(number)


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions that keep to what the actor may see."""
    kept: list[ColumnElement[bool]] = []
    if actor.scope.clients is not None:
        kept.append(Callback.client_id.in_(actor.scope.clients))
    if actor.scope.campaigns is not None:
        kept.append(Callback.campaign_id.in_(actor.scope.campaigns))
    if actor.role is Role.AGENT:
        kept.append(or_(Callback.owner_id == actor.user_id, Callback.owner_id.is_(None)))
    return kept
