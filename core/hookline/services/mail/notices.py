"""Core's own mails: an import has ended (to whom started it); a job fails, an endpoint was stopped (administrators).

Reads the event stream, so that none is lost in a crash; each is queued once, however often its event comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from hookline.bus import PublishedEvent
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Client, ContactList, ImportRun, User, WebhookEndpoint
from hookline.domain.access import Role
from hookline.services.mail.addresses import is_address
from hookline.services.mail.queue import MailQueue

#: What is older is no news any more: after a long stop, or where mail is set up late.
_NEWS_FOR = timedelta(days=1)


class MailNotices:
    """The reader "core.mail-notices" of the event bus."""

    def __init__(self, db: Database, queue: MailQueue) -> None:
        self._db = db
        self._queue = queue
        self._notices: dict[str, Callable[[UnitOfWork, PublishedEvent], None]] = {
            "ImportProgressed": self._import_ended,
            "JobFailed": self._job_failed,
            "WebhookEndpointStopped": self._endpoint_stopped,
        }

    def on_event(self, happened: PublishedEvent) -> None:
        """Queue what the event asks for."""
        notice = self._notices.get(happened.type)
        if notice is None or happened.details.get("state") == "running":
            return
        if self._db.clock.now() - happened.at > _NEWS_FOR:
            return
        with self._db.write() as unit:
            notice(unit, happened)

    def _import_ended(self, unit: UnitOfWork, happened: PublishedEvent) -> None:
        # Columns, not the row: it may be deleted with its list, and nothing is to be held of it here.
        found = unit.session.execute(
            select(
                ImportRun.file_name,
                ImportRun.state,
                ImportRun.imported,
                ImportRun.merged,
                ImportRun.rejected,
                ImportRun.warnings,
                ContactList.name.label("list_name"),
                ImportRun.created_by,
            )
            .join(ContactList, ContactList.id == ImportRun.list_id)
            .where(ImportRun.id == happened.details["import_id"], ImportRun.state.in_(("done", "failed")))
        ).first()
        if found is None or found.created_by is None:
            return
        context = {key: value for key, value in found._mapping.items() if key != "created_by"}
        user = unit.session.get(User, found.created_by)
        if user is not None:
            self._write_to(unit, user, "import_finished", context, f"import:{happened.details['import_id']}")

    def _job_failed(self, unit: UnitOfWork, happened: PublishedEvent) -> None:
        job = happened.details["job"]
        # Once a day: a job that fails on and off would fill the box.
        self._to_administrators(unit, "job_failed", {"job": job}, f"job:{job}:{happened.at.date().isoformat()}")

    def _endpoint_stopped(self, unit: UnitOfWork, happened: PublishedEvent) -> None:
        found = unit.session.execute(
            select(WebhookEndpoint.url, WebhookEndpoint.description, Client.name.label("client"))
            .join(Client, Client.id == WebhookEndpoint.client_id)
            .where(WebhookEndpoint.id == happened.details["endpoint_id"])
        ).first()
        if found is not None:
            context = {**found._mapping, "reason": happened.details["reason"]}
            self._to_administrators(unit, "webhook_stopped", context, f"webhook:{happened.sequence}")

    def _to_administrators(self, unit: UnitOfWork, template: str, context: Mapping[str, Any], once: str) -> None:
        administrators = select(User).where(User.role == Role.ADMINISTRATOR.value, User.active).order_by(User.id)
        for user in unit.session.scalars(administrators).all():
            self._write_to(unit, user, template, context, once)

    def _write_to(self, unit: UnitOfWork, user: User, template: str, context: Mapping[str, Any], once: str) -> None:
        if user.active and user.email and is_address(user.email):
            self._queue.send(unit, template, user.email, user.language, context, once=f"{once}:{user.id}")
