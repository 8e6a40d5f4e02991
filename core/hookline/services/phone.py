"""The browser as somebody's phone: which leg waits for it, and what the page and the backend say to each other.

Neutral to the backend: its own script module (`browser_module`) writes the messages and reads the answers. Of two
pages of one person one is the phone: a page that is opened takes it, one that only reconnects gives way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import AgentSession, Supervision
from hookline.domain.access import Actor
from hookline.errors import Conflict
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import NoSuchLeg, StationKind
from hookline.services.calls import CallService
from hookline.text import N_

LONGEST_MESSAGE = 64 * 1024
"""Bytes of a page's request; an offer of sound takes about three thousand."""

_DEEPEST = 4
_MOST_ITEMS = 50


class PhoneElsewhere(Conflict):
    """Another page of the same person is the phone now."""

    id = "phone-elsewhere"


@dataclass(frozen=True)
class BrowserPhone:
    """A leg that is spoken in the browser. `module`: the address of its backend's script below the site's root."""

    leg_id: str
    module: str
    state: str


def _plain(message: Mapping[str, Any]) -> None:
    if not _is_plain(message, _DEEPEST):
        raise ValidationError(N_("The message is nested too deeply or too long."))


def _is_plain(value: object, deep: int) -> bool:
    if isinstance(value, Mapping | list):
        items = list(value.values() if isinstance(value, Mapping) else value)
        return deep > 0 and len(items) <= _MOST_ITEMS and all(_is_plain(item, deep - 1) for item in items)
    return value is None or isinstance(value, str | int | float | bool)


class PhoneMessageSchema(Schema):
    """What a page says: its leg, its own name, whether it was just opened, and the message for the backend."""

    class Meta:
        unknown = RAISE

    leg_id = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{32}$"))
    page = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-z-]{8,64}$"))
    take = fields.Boolean(load_default=False)
    message = fields.Dict(keys=fields.String(validate=validate.Length(max=100)), required=True, validate=_plain)


class PhoneService:
    """Finds a person's browser leg and carries messages."""

    def __init__(self, db: Database, hooks: Hooks, calls: CallService) -> None:
        self._db = db
        self._hooks = hooks
        self._calls = calls

    def phone_of(self, agent: AgentSession | None) -> BrowserPhone | None:
        """The leg that the agent's page is to speak on; None where he works at another station or not at all."""
        if agent is None or agent.station_leg_id is None or agent.station_kind != StationKind.BROWSER:
            return None
        return self._phone(agent.backend, agent.station_leg_id, agent.station_state)

    def phone_of_supervisor(self, actor: Actor) -> BrowserPhone | None:
        """The leg on which a supervisor's page listens; None where he uses a telephone, or does not listen."""
        with self._db.read() as session:
            found = session.scalar(_listening(actor).order_by(Supervision.id.desc()).limit(1))
        return self._phone(found.backend, found.leg_id, found.state) if found else None

    def _phone(self, backend_name: str, leg_id: str, state: str) -> BrowserPhone | None:
        backend = self._hooks.backends().get(backend_name)
        if backend is None or not backend.browser_module:
            return None
        return BrowserPhone(leg_id, backend.browser_module, state)

    def hear(
        self, actor: Actor, leg_id: str, page: str, message: Mapping[str, object], *, take: bool = False
    ) -> Mapping[str, object]:
        """Carry a page's message to the backend of its leg; returns the answer.

        Raises NoSuchLeg for a leg that is not the actor's (any more), PhoneElsewhere where another page has it and
        this one does not `take` it, TelephonyError from the backend.
        """
        with self._db.read() as session:
            listening = session.scalar(_listening(actor).where(Supervision.leg_id == leg_id))
        backend = listening.backend if listening else self._agents_backend(actor, leg_id, page, take=take)
        return self._calls.backend(backend).browser_message(leg_id, message)

    def _agents_backend(self, actor: Actor, leg_id: str, page: str, *, take: bool) -> str:
        """The backend of the agent's leg, once it is settled that this page is his phone."""
        with self._db.write() as unit:
            agent = _by_leg(unit.session, actor, leg_id)
            if agent is None:
                raise NoSuchLeg(leg_id)
            if agent.phone_page not in ("", page) and not take:
                raise PhoneElsewhere(
                    N_("Your phone is in another window."), N_("Talk there, or take it over in this one.")
                )
            if agent.phone_page != page:
                agent.phone_page = page
            return agent.backend


def _listening(actor: Actor) -> Select[Supervision]:
    """The actor's supervisions that are not over, in his browser."""
    return select(Supervision).where(
        Supervision.supervisor_id == actor.user_id,
        Supervision.station_kind == StationKind.BROWSER.value,
        Supervision.ended_at.is_(None),
    )


def _by_leg(session: Session, actor: Actor, leg_id: str) -> AgentSession | None:
    return session.scalar(
        select(AgentSession).where(
            AgentSession.user_id == actor.user_id,
            AgentSession.station_leg_id == leg_id,
            AgentSession.station_kind == StationKind.BROWSER.value,
        )
    )
