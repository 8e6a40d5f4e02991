"""A client's endpoint, events to be sent to it, and time that passes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.db.models import Client, WebhookDelivery, WebhookEndpoint
from hookline.domain.events import CallEnded, Event
from hookline.testing.clock import VirtualClock
from tests.webhook_receiver import Receiver


class World:
    """An installation with the clients Acme and Globex; Acme's endpoint is `receiver`."""

    def __init__(self, runtime: Runtime, clock: VirtualClock, receiver: Receiver) -> None:
        self.runtime, self.clock, self.receiver = runtime, clock, receiver
        self.operator = runtime.identity.system_actor()
        with runtime.db.write() as unit:
            clients = [Client(name=name, created_at=unit.clock.now()) for name in ("Acme", "Globex")]
            unit.session.add_all(clients)
        self.acme, self.globex = (client.id for client in clients)
        made = self.add(self.acme)
        self.endpoint, self.secret = made.endpoint_id, made.secret

    def add(self, client: int, *types: str, url: str = "") -> Any:
        """Another endpoint, by default for ends of calls."""
        data = {
            "client_id": client,
            "url": url or self.receiver.url,
            "description": "",
            "event_types": list(types or ("CallEnded", "CallPlaced")),
        }
        return self.runtime.webhooks.service.add(self.operator, data)

    def emit(self, *events: Event) -> None:
        """These things happen, and are published."""
        with self.runtime.db.write() as unit:
            for happened in events:
                unit.emit(happened)
        self.runtime.bus.pump()

    def end_call(self, call_id: int, client: int = 0) -> None:
        """A call of the client ends."""
        self.emit(CallEnded(client_id=client or self.acme, call_id=call_id, result="answered"))

    def send(self) -> int:
        """Send what is due now; how many tries that took."""
        return self.runtime.webhooks.sender.deliver_due()

    def wait_out(self) -> None:
        """Go to the moment when the next message is due."""
        due = [row.due_at for row in self.deliveries() if row.state == "waiting" and row.due_at > self.clock.now()]
        if due:
            self.clock.set(min(due))

    def deliveries(self, endpoint: int = 0) -> list[WebhookDelivery]:
        """The endpoint's messages, in the order in which they came up."""
        query = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == (endpoint or self.endpoint))
        with self.runtime.db.read() as session:
            return list(session.scalars(query.order_by(WebhookDelivery.id)))

    def states(self) -> list[str]:
        """Their states."""
        return [row.state for row in self.deliveries()]

    def row(self) -> WebhookEndpoint:
        """The endpoint as it stands."""
        with self.runtime.db.read() as session:
            return session.get_one(WebhookEndpoint, self.endpoint)
