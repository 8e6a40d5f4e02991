"""Endpoints as people keep them: added, changed, paused, tested; and their messages, looked at and sent again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Client, WebhookDelivery, WebhookEndpoint
from hookline.domain.access import Actor, Scope
from hookline.errors import Conflict, InvalidInput, NotFound
from hookline.outbound_addresses import AddressBook, AddressRefused
from hookline.secret_box import SecretBox
from hookline.services.webhooks import delivery
from hookline.services.webhooks.event_kinds import PING
from hookline.services.webhooks.sender import WebhookSender
from hookline.text import N_

MANAGE = "webhooks.manage"
#: So long the secret before the present one signs too, so that receivers can change over without losing a message.
CHANGE_OVER = timedelta(hours=24)


@dataclass(frozen=True)
class NewSecret:
    """An endpoint's secret: shown now, and never again."""

    endpoint_id: int
    secret: str


class WebhookService:
    """Keeps the endpoints of the clients in an actor's scope."""

    def __init__(self, db: Database, book: AddressBook, box: SecretBox, sender: WebhookSender) -> None:
        self._db = db
        self._book = book
        self._box = box
        self._sender = sender

    def add(self, actor: Actor, data: Mapping[str, Any]) -> NewSecret:
        """Add an endpoint (`data` as NewEndpointSchema loads it). Raises InvalidInput with each field's message."""
        actor.require(MANAGE)
        self._check_address(data["url"])
        secret = _make_secret()
        sealed = self._box.seal(secret)
        with self._db.write() as unit:
            client = (
                unit.session.get(Client, data["client_id"]) if actor.scope.covers_client(data["client_id"]) else None
            )
            if client is None:
                text = N_("There is no such client.")
                raise InvalidInput(text, N_("Choose from the list."), {"client_id": [text]})
            endpoint = WebhookEndpoint(
                client_id=client.id,
                url=data["url"],
                description=data["description"],
                event_types=sorted(set(data["event_types"])),
                secret=sealed,
                created_by=actor.user_id,
                created_at=unit.clock.now(),
            )
            unit.session.add(endpoint)
            unit.session.flush()
            return NewSecret(endpoint.id, secret)

    def change(self, actor: Actor, endpoint_id: int, data: Mapping[str, Any]) -> None:
        """Change address, description and events (`data` as EndpointSchema loads it)."""
        actor.require(MANAGE)
        self._check_address(data["url"])
        with self._db.write() as unit:
            endpoint = find(unit.session, actor.scope, endpoint_id)
            endpoint.url, endpoint.description = data["url"], data["description"]
            endpoint.event_types = sorted(set(data["event_types"]))

    def _check_address(self, url: str) -> None:
        try:
            self._book.check(url)
        except AddressRefused as error:
            raise InvalidInput(error.message_id, error.advice_id, {"url": [error.message_id]}) from error

    def renew_secret(self, actor: Actor, endpoint_id: int) -> NewSecret:
        """Give it a new secret; the old one signs too for a day."""
        actor.require(MANAGE)
        secret = _make_secret()
        sealed = self._box.seal(secret)
        with self._db.write() as unit:
            endpoint = find(unit.session, actor.scope, endpoint_id)
            endpoint.previous_secret, endpoint.secret = endpoint.secret, sealed
            endpoint.previous_until = unit.clock.now() + CHANGE_OVER
        return NewSecret(endpoint_id, secret)

    def pause(self, actor: Actor, endpoint_id: int) -> None:
        """Send nothing for now; what happens meanwhile waits."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            endpoint = find(unit.session, actor.scope, endpoint_id)
            if endpoint.state != "active":
                raise Conflict(N_("Nothing is sent to this endpoint already."))
            endpoint.state, endpoint.paused_by_failures = "paused", False

    def resume(self, actor: Actor, endpoint_id: int) -> None:
        """Send again, what waited first."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            endpoint = find(unit.session, actor.scope, endpoint_id)
            if endpoint.state == "active":
                raise Conflict(N_("This endpoint is active already."))
            endpoint.state, endpoint.paused_by_failures, endpoint.dead_in_a_row = "active", False, 0
            unit.session.execute(
                update(WebhookDelivery)
                .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == delivery.WAITING)
                .values(due_at=unit.clock.now())
            )
        self._sender.wake()

    def ping(self, actor: Actor, endpoint_id: int) -> int:
        """Send a test message, once, also to a paused endpoint; returns the delivery's id."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            endpoint = find(unit.session, actor.scope, endpoint_id)
            now = unit.clock.now()
            identity = f"ping_{secrets.token_hex(8)}"
            sent = WebhookDelivery(
                endpoint_id=endpoint_id,
                event_id=identity,
                event_type=PING,
                call_id=None,
                body=delivery.as_text(identity, PING, now, {"client_id": endpoint.client_id, "details": {}}),
                due_at=now,
                created_at=now,
            )
            unit.session.add(sent)
            unit.session.flush()
        self._sender.wake()
        return sent.id

    def replay(self, actor: Actor, delivery_id: int) -> None:
        """Send one message again, a given-up or a delivered one."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            of = select(WebhookDelivery.endpoint_id).where(WebhookDelivery.id == delivery_id)
            # The endpoint first, as whoever notes an outcome does, so that the two do not wait for each other.
            endpoint = find(unit.session, actor.scope, unit.session.scalar(of) or 0, missing=_no_delivery())
            sent = unit.session.get_one(WebhookDelivery, delivery_id)
            if sent.state == delivery.WAITING:
                raise Conflict(N_("This message is on its way already."))
            _refuse_gone(endpoint)
            _again(unit, sent)
        self._sender.wake()

    def replay_dead(self, actor: Actor, endpoint_id: int) -> int:
        """Send every given-up message of an endpoint again, in the old order; returns how many."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            endpoint = find(unit.session, actor.scope, endpoint_id)
            _refuse_gone(endpoint)
            dead = select(WebhookDelivery).where(
                WebhookDelivery.endpoint_id == endpoint_id,
                WebhookDelivery.state == delivery.DEAD,
                WebhookDelivery.event_type != PING,
            )
            found = unit.session.scalars(dead.order_by(WebhookDelivery.id)).all()
            for sent in found:
                _again(unit, sent)
        self._sender.wake()
        return len(found)


def find(session: Session, scope: Scope, endpoint_id: int, missing: NotFound | None = None) -> WebhookEndpoint:
    """The endpoint, where the scope reaches it; raises NotFound."""
    endpoint = session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None or not scope.covers_client(endpoint.client_id):
        raise missing or NotFound(N_("There is no such endpoint."), N_("Pick one from the list of webhooks."))
    return endpoint


def _no_delivery() -> NotFound:
    return NotFound(N_("There is no such message."), N_("Pick one from the endpoint's list."))


def _refuse_gone(endpoint: WebhookEndpoint) -> None:
    if endpoint.state == "gone":
        raise Conflict(N_("The receiver said that this address is gone."), N_("Activate the endpoint first."))


def _again(unit: UnitOfWork, sent: WebhookDelivery) -> None:
    sent.state, sent.attempts, sent.finished_at = delivery.WAITING, 0, None
    sent.due_at = unit.clock.now()


def _make_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"
