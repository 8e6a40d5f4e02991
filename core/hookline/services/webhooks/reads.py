"""Endpoints and their messages as pages show them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Client, WebhookDelivery, WebhookEndpoint
from hookline.domain.access import Actor
from hookline.services import keyset
from hookline.services.keyset import Cursor, KeysetPage
from hookline.services.webhooks import delivery
from hookline.services.webhooks.service import MANAGE, find

_PAGE = 50


@dataclass(frozen=True)
class EndpointView:
    """An endpoint and how it is doing: messages waiting, waiting after a failure, and given up."""

    endpoint: WebhookEndpoint
    client: str
    waiting: int = 0
    failing: int = 0
    dead: int = 0


class WebhookReads:
    """Answers what the pages and the command line ask."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def endpoints(self, actor: Actor) -> list[EndpointView]:
        """Every endpoint in scope, by client."""
        actor.require(MANAGE)
        with self._db.read() as session:
            query = select(WebhookEndpoint, Client.name).join(Client, Client.id == WebhookEndpoint.client_id)
            if actor.scope.clients is not None:
                query = query.where(WebhookEndpoint.client_id.in_(actor.scope.clients))
            rows = session.execute(query.order_by(Client.name, WebhookEndpoint.id)).all()
            counts = _counts(session, [endpoint.id for endpoint, _name in rows])
        return [EndpointView(endpoint, name, *counts[endpoint.id]) for endpoint, name in rows]

    def endpoint(self, actor: Actor, endpoint_id: int) -> EndpointView:
        """One endpoint; raises NotFound."""
        actor.require(MANAGE)
        with self._db.read() as session:
            endpoint = find(session, actor.scope, endpoint_id)
            client = session.get_one(Client, endpoint.client_id)
            counts = _counts(session, [endpoint_id])
        return EndpointView(endpoint, client.name, *counts[endpoint_id])

    def deliveries(
        self,
        actor: Actor,
        endpoint_id: int,
        cursor: Cursor,
        *,
        state: str | None = None,
        event_type: str | None = None,
    ) -> KeysetPage[WebhookDelivery]:
        """An endpoint's messages, newest first."""
        actor.require(MANAGE)
        with self._db.read() as session:
            find(session, actor.scope, endpoint_id)
            query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
            if state is not None:
                query = query.where(WebhookDelivery.state == state)
            if event_type is not None:
                query = query.where(WebhookDelivery.event_type == event_type)
            rows, before, after = keyset.fetch(session, query, WebhookDelivery.id, cursor, _PAGE, newest_first=True)
        return keyset.page([row[0] for row in rows], before, after, lambda sent: sent.id)


def _counts(session: Session, endpoints: list[int]) -> dict[int, tuple[int, int, int]]:
    tried = WebhookDelivery.attempts > 0
    rows = session.execute(
        select(WebhookDelivery.endpoint_id, WebhookDelivery.state, tried, func.count())
        .where(WebhookDelivery.endpoint_id.in_(endpoints), WebhookDelivery.state != delivery.DELIVERED)
        .group_by(WebhookDelivery.endpoint_id, WebhookDelivery.state, tried)
    )
    found: dict[int, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    for endpoint_id, state, again, count in rows:
        waiting, failing, dead = found[endpoint_id]
        if state == delivery.DEAD:
            found[endpoint_id] = (waiting, failing, dead + count)
        else:
            found[endpoint_id] = (waiting + count, failing + (count if again else 0), dead)
    return found
