"""Clients: the controllers on whose behalf campaigns call (GDPR art. 4(7))."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Campaign, Client
from hookline.domain.access import Actor, Scope
from hookline.domain.campaigns import CampaignState
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.text import N_
from hookline.validation import line

_MANAGE = "clients.manage"


@dataclass(frozen=True)
class ClientDraft:
    """What is said of a client. The legal facts go into information duties (GDPR art. 13 and 14)."""

    name: str
    legal_name: str = ""
    address: str = ""
    privacy_contact: str = ""


class ClientSchema(Schema):
    """A client as a form or a program sends it."""

    name = line(required=True, most=80)
    legal_name = line(most=200)
    address = fields.String(load_default="", validate=validate.Length(max=500, error=N_("This is too long.")))
    privacy_contact = line(most=200)


class ClientService:
    """Keeps the clients."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def list_clients(self, scope: Scope, *, active_only: bool = False) -> list[Client]:
        """The scope's clients, active ones first, by name."""
        query = select(Client).order_by(Client.active.desc(), func.lower(Client.name))
        if scope.clients is not None:
            query = query.where(Client.id.in_(scope.clients))
        if active_only:
            query = query.where(Client.active)
        with self._db.read() as session:
            return list(session.scalars(query))

    def get_client(self, scope: Scope, client_id: int) -> Client:
        """The client; raises NotFound outside the scope too."""
        with self._db.read() as session:
            return _find(session, scope, client_id)

    def add_client(self, actor: Actor, draft: ClientDraft) -> int:
        """Add a client; returns the id. Raises InvalidInput for a taken name."""
        actor.require(_MANAGE)
        with self._db.write() as unit:
            _refuse_taken_name(unit.session, draft.name, None)
            client = Client(**vars(draft), created_at=unit.clock.now())
            unit.session.add(client)
            unit.session.flush()
            return client.id

    def change_client(self, actor: Actor, client_id: int, draft: ClientDraft) -> None:
        """Change what is said of a client. Raises NotFound, and InvalidInput for a taken name."""
        actor.require(_MANAGE)
        with self._db.write() as unit:
            client = _find(unit.session, actor.scope, client_id)
            _refuse_taken_name(unit.session, draft.name, client_id)
            for name, value in vars(draft).items():
                setattr(client, name, value)

    def set_client_active(self, actor: Actor, client_id: int, active: bool) -> None:
        """Deactivate (everything is kept, nothing new begins) or bring back. Raises Conflict while a campaign runs."""
        actor.require(_MANAGE)
        with self._db.write() as unit:
            client = _find(unit.session, actor.scope, client_id)
            if not active:
                _refuse_while_dialling(unit.session, client)
            client.active = active


def _find(session: Session, scope: Scope, client_id: int) -> Client:
    client = session.get(Client, client_id) if scope.covers_client(client_id) else None
    if client is None:
        raise NotFound(N_("There is no such client."), N_("Pick one from the list of clients."))
    return client


def _refuse_taken_name(session: Session, name: str, own_id: int | None) -> None:
    taken = session.scalar(select(Client.id).where(func.lower(Client.name) == name.lower(), Client.id != (own_id or 0)))
    if taken is not None:
        text = N_("Another client has this name.")
        raise InvalidInput(text, N_("Choose another."), {"name": [text]})


def _refuse_while_dialling(session: Session, client: Client) -> None:
    running = session.scalar(
        select(Campaign.name)
        .where(Campaign.client_id == client.id, Campaign.state == CampaignState.RUNNING.value)
        .limit(1)
    )
    if running is not None:
        raise Conflict(
            N_("The campaign “%(campaign)s” of this client is running."),
            N_("Pause it first."),
            params={"campaign": running},
        )
