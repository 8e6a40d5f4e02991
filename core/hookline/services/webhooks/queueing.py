"""Puts each event of a client on the way to the endpoints that ask for it. Reads the event stream; misses nothing."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from hookline.bus import PublishedEvent
from hookline.db.database import Database
from hookline.db.models import WebhookDelivery, WebhookEndpoint
from hookline.services.webhooks import delivery


class WebhookQueue:
    """The reader "core.webhooks" of the event bus. `wake` is called when something waits to be sent."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self._db = db
        self._wake = wake

    def on_event(self, happened: PublishedEvent) -> None:
        """Queue the event for each endpoint; one that comes a second time is known by its number."""
        if happened.client_id is None:
            return
        with self._db.read() as session:
            endpoints = session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.client_id == happened.client_id))
            asking = [endpoint.id for endpoint in endpoints if _wants(endpoint, happened)]
        put = [endpoint_id for endpoint_id in asking if self._put(endpoint_id, happened)]
        if put:
            self._wake()

    def _put(self, endpoint_id: int, happened: PublishedEvent) -> bool:
        identity = delivery.event_id(happened.sequence)
        with self._db.write() as unit:
            endpoint = unit.session.get(WebhookEndpoint, endpoint_id)
            known = select(WebhookDelivery.id).where(
                WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_id == identity
            )
            if endpoint is None or not _wants(endpoint, happened) or unit.session.scalar(known) is not None:
                return False
            now = unit.clock.now()
            unit.session.add(
                WebhookDelivery(
                    endpoint_id=endpoint_id,
                    event_id=identity,
                    event_type=happened.type,
                    call_id=happened.call_id,
                    body=delivery.body_of(happened),
                    due_at=now,
                    created_at=now,
                )
            )
        return True


def _wants(endpoint: WebhookEndpoint, happened: PublishedEvent) -> bool:
    # Asked again under the lock: the client is part of the question, so that no other's event ever goes out.
    return (
        endpoint.client_id == happened.client_id
        and endpoint.state != "gone"
        and happened.type in endpoint.event_types
        and happened.at >= endpoint.created_at
    )
