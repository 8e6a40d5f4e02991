"""Sends what is due: on threads of the leading process, a few at a time, the messages of one call in order."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from hookline.db.database import Database
from hookline.db.models import WebhookDelivery, WebhookEndpoint
from hookline.errors import HooklineError
from hookline.secret_box import SecretBox
from hookline.services.webhooks import delivery
from hookline.services.webhooks.event_kinds import PING
from hookline.services.webhooks.outcomes import Outcomes
from hookline.services.webhooks.posting import Answer, Poster
from hookline.text import N_

log = structlog.get_logger(__name__)

_WORKERS = 8
#: How many messages go to one endpoint at once; one that failed last gets one at a time, and holds up nobody else.
_AT_ONCE, _AT_ONCE_FAILING = 4, 1


class WebhookSender:
    """One per installation runs. What a stop or crash interrupts is sent again: at least once, never not at all."""

    def __init__(self, db: Database, poster: Poster, box: SecretBox, outcomes: Outcomes) -> None:
        self._db = db
        self._poster = poster
        self._box = box
        self._outcomes = outcomes
        self._flying: dict[int, int] = {}  # delivery -> endpoint
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Send from own threads whenever woken."""
        self._stopping.clear()
        self._woken.set()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is on its way (at most the length of one request), begin no more."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wake(self) -> None:
        """Look at once for what is due; in a process that does not send this does nothing."""
        self._woken.set()

    def deliver_due(self) -> int:
        """Send everything that is due now, here, one after the other; returns how many tries that took."""
        tries = 0
        while taken := self._take_due():
            for delivery_id in taken:
                self._fly(delivery_id)
                tries += 1
        return tries

    def deliver_one(self, delivery_id: int) -> None:
        """Send one message here and now, unless it is on its way already."""
        with self._lock, self._db.read() as session:
            if delivery_id in self._flying:
                return
            self._flying[delivery_id] = session.get_one(WebhookDelivery, delivery_id).endpoint_id
        self._fly(delivery_id)

    def _run(self) -> None:
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="webhook") as pool:
            while self._woken.wait() and not self._stopping.is_set():
                self._woken.clear()
                try:
                    for delivery_id in self._take_due():
                        pool.submit(self._fly_guarded, delivery_id)
                except Exception as error:
                    # Woken again within seconds, by the job.
                    log.error("webhooks could not be looked up", error_type=type(error).__name__, exc_info=error)

    def _take_due(self) -> list[int]:
        """What is to be sent now, marked as flying; of each endpoint as many as it may have at once."""
        with self._lock, self._db.read() as session:
            now = self._db.clock.now()
            waiting = exists().where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, _is_due(now), _may_go())
            taken: list[int] = []
            for endpoint in session.scalars(select(WebhookEndpoint).where(waiting).order_by(WebhookEndpoint.id)):
                found = self._next_of(session, endpoint, now)
                self._flying.update(dict.fromkeys(found, endpoint.id))
                taken += found
            return taken

    def _next_of(self, session: Session, endpoint: WebhookEndpoint, now: datetime) -> list[int]:
        free = _at_once(endpoint) - list(self._flying.values()).count(endpoint.id)
        if free <= 0:
            return []
        query = (
            select(WebhookDelivery.id)
            .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
            .where(WebhookDelivery.endpoint_id == endpoint.id, _is_due(now), _may_go(), _is_its_calls_first())
            .where(WebhookDelivery.id.not_in(list(self._flying)))
        )
        return list(session.scalars(query.order_by(WebhookDelivery.id).limit(free)))

    def _fly_guarded(self, delivery_id: int) -> None:
        try:
            self._fly(delivery_id)
        except Exception as error:
            log.error("webhook not sent", delivery=delivery_id, error_type=type(error).__name__, exc_info=error)
        else:
            self._woken.set()  # somebody else's turn

    def _fly(self, delivery_id: int) -> None:
        try:
            with self._db.read() as session:
                sent = session.get_one(WebhookDelivery, delivery_id)
                endpoint = session.get_one(WebhookEndpoint, sent.endpoint_id)
            if not self._stopping.is_set():
                message = delivery.Message(sent.event_id, sent.event_type, str(sent.id), sent.body)
                self._outcomes.note(delivery_id, self.post(endpoint, message))
        finally:
            with self._lock:
                self._flying.pop(delivery_id, None)

    def post(self, endpoint: WebhookEndpoint, message: delivery.Message) -> Answer:
        """Post one message, signed, here and now; whatever goes wrong is in the answer."""
        now = self._db.clock.now()
        try:
            secrets = [self._box.open(endpoint.secret)]
            if endpoint.previous_secret and endpoint.previous_until is not None and now < endpoint.previous_until:
                secrets.append(self._box.open(endpoint.previous_secret))
        except HooklineError:
            return Answer(None, N_("The secret cannot be read: its key file in the data folder is missing or another."))
        return self._poster.post(endpoint.url, message.body.encode("utf-8"), delivery.headers_of(message, secrets, now))


def _at_once(endpoint: WebhookEndpoint) -> int:
    failed, worked = endpoint.last_failure_at, endpoint.last_success_at
    failing = failed is not None and (worked is None or failed > worked)
    return _AT_ONCE_FAILING if failing else _AT_ONCE


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(WebhookDelivery.state == delivery.WAITING, WebhookDelivery.due_at <= now)


def _may_go() -> ColumnElement[bool]:
    """A paused endpoint gets nothing but test messages."""
    return or_(WebhookEndpoint.state == "active", WebhookDelivery.event_type == PING)


def _is_its_calls_first() -> ColumnElement[bool]:
    """Nothing of the same call waits before it."""
    earlier = aliased(WebhookDelivery)
    before = exists().where(
        earlier.endpoint_id == WebhookDelivery.endpoint_id,
        earlier.call_id == WebhookDelivery.call_id,
        earlier.state == delivery.WAITING,
        earlier.id < WebhookDelivery.id,
    )
    return ~before
