"""Webhooks out: events of a client sent to the addresses that ask for them, signed, in order, at least once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete

from hookline.db.database import Database
from hookline.db.models import WebhookDelivery
from hookline.jobs import Job, JobRun
from hookline.outbound_addresses import AddressBook, AllowList, Resolver
from hookline.secret_box import SecretBox
from hookline.services.webhooks import delivery
from hookline.services.webhooks.health import webhook_check
from hookline.services.webhooks.outcomes import Outcomes
from hookline.services.webhooks.posting import Poster
from hookline.services.webhooks.queueing import WebhookQueue
from hookline.services.webhooks.reads import WebhookReads
from hookline.services.webhooks.sender import WebhookSender
from hookline.services.webhooks.service import WebhookService
from hookline.text import N_
from hookline.webhook_in import SeenEvents

_KEEP_DELIVERED = timedelta(days=14)
_KEEP_ANY = timedelta(days=90)


class Webhooks:
    """The parts of webhooks out, put together. `allowed` are integrators' own hosts."""

    def __init__(
        self, db: Database, key_file: Path, allowed: Iterable[str] = (), resolver: Resolver | None = None
    ) -> None:
        self._db = db
        book, box = AddressBook(AllowList(allowed), resolver), SecretBox(key_file)
        self.sender = WebhookSender(db, Poster(book), box, Outcomes(db))
        self.queue = WebhookQueue(db, self.sender.wake)
        self.service = WebhookService(db, book, box, self.sender)
        self.reads = WebhookReads(db)
        self.check = webhook_check(db, box)

    def jobs(self) -> list[Job]:
        """What core does by itself about webhooks."""

        def wake(_run: JobRun) -> None:
            self.sender.wake()

        return [
            Job("core.send-webhooks", N_("Look for webhooks that are due"), wake, every_seconds=5),
            Job("core.tidy-webhooks", N_("Delete old webhook messages"), self.tidy, daily_at="03:20"),
        ]

    def tidy(self, _run: JobRun) -> str:
        """Delete messages that were delivered two weeks ago, and any older than 90 days; and old ids that came in."""
        with self._db.write() as unit:
            now = unit.clock.now()
            done = (WebhookDelivery.state == delivery.DELIVERED) & (WebhookDelivery.created_at < now - _KEEP_DELIVERED)
            old = delete(WebhookDelivery).where(done | (WebhookDelivery.created_at < now - _KEEP_ANY))
            gone = len(unit.session.execute(old.returning(WebhookDelivery.id)).all())
            SeenEvents.forget_expired(unit)
        return f"{gone} deleted"


__all__ = ["Webhooks"]
