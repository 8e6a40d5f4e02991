"""What comes of a try: delivered, tried again later, given up; and what that means for the endpoint."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import WebhookDelivery, WebhookEndpoint
from hookline.domain.events import WebhookEndpointStopped
from hookline.services.webhooks import delivery
from hookline.services.webhooks.event_kinds import PING
from hookline.services.webhooks.posting import Answer
from hookline.text import N_

log = structlog.get_logger(__name__)

#: After so many given-up messages in a row an endpoint is paused.
DEAD_BEFORE_PAUSE = 5
_GONE = 410


class Outcomes:
    """Writes outcomes down. `chance` spreads the retries."""

    def __init__(self, db: Database, chance: random.Random | None = None) -> None:
        self._db = db
        self._chance = chance or random.SystemRandom()

    def note(self, delivery_id: int, answer: Answer) -> None:
        """A try has ended."""
        with self._db.write() as unit:
            endpoint_id = unit.session.scalar(
                select(WebhookDelivery.endpoint_id).where(WebhookDelivery.id == delivery_id)
            )
            if endpoint_id is None:
                return
            endpoint = unit.hold(WebhookEndpoint, endpoint_id)
            sent = unit.hold(WebhookDelivery, delivery_id)
            if sent.state != delivery.WAITING:
                return
            now = unit.clock.now()
            sent.attempts += 1
            sent.last_attempt_at = now
            sent.status, sent.error, sent.answer = answer.status, answer.error, answer.text
            if answer.error:
                self._failed(unit, endpoint, sent, answer, now)
            else:
                sent.state, sent.finished_at = delivery.DELIVERED, now
                endpoint.last_success_at, endpoint.dead_in_a_row = now, 0
        log.info("webhook tried", endpoint=endpoint_id, delivery=delivery_id, status=answer.status, state=sent.state)

    def _failed(
        self, unit: UnitOfWork, endpoint: WebhookEndpoint, sent: WebhookDelivery, answer: Answer, now: datetime
    ) -> None:
        endpoint.last_failure_at = now
        if sent.event_type == PING:
            sent.state, sent.finished_at = delivery.DEAD, now
        elif answer.status == _GONE:
            _close(unit, endpoint, now)
        elif sent.attempts >= delivery.MOST_ATTEMPTS:
            sent.state, sent.finished_at = delivery.DEAD, now
            endpoint.dead_in_a_row += 1
            if endpoint.dead_in_a_row >= DEAD_BEFORE_PAUSE and endpoint.state == "active":
                endpoint.state, endpoint.paused_by_failures = "paused", True
                _tell(unit, endpoint, "failures")
        else:
            asked = timedelta(seconds=answer.wait_seconds)
            sent.due_at = now + max(delivery.wait_after(sent.attempts, self._chance), asked)


def _close(unit: UnitOfWork, endpoint: WebhookEndpoint, now: datetime) -> None:
    """The receiver wants no more, ever: what waits is given up."""
    if endpoint.state != "gone":
        endpoint.state, endpoint.paused_by_failures = "gone", False
        _tell(unit, endpoint, "gone")
    waiting = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.state == delivery.WAITING
    )
    for left in unit.session.scalars(waiting):
        left.state, left.finished_at = delivery.DEAD, now
        left.error = left.error or N_("The receiver said that this address is gone.")


def _tell(unit: UnitOfWork, endpoint: WebhookEndpoint, reason: str) -> None:
    log.warning("webhook endpoint stopped", endpoint=endpoint.id, reason=reason)
    unit.emit(WebhookEndpointStopped(client_id=endpoint.client_id, endpoint_id=endpoint.id, reason=reason))
