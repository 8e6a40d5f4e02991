"""Sends the queue: again and again until the server takes a mail, refuses it for good, or three days are over."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

import structlog
from sqlalchemy import delete, select

from hookline.db.database import Database
from hookline.db.models import Mail
from hookline.errors import NotConfigured
from hookline.jobs import JobRun
from hookline.services.mail.addresses import domain_of
from hookline.services.mail.queue import FAILED, SENT, WAITING
from hookline.services.mail.smtp import MailRefused, MailServerFailed, Transport, deliver
from hookline.services.mail.templates import CannotRender, MailTemplates
from hookline.text import N_

log = structlog.get_logger(__name__)

_BATCH = 100
_GIVEN_UP_AFTER = timedelta(days=3)
_FIRST_WAIT, _GROWTH, _LONGEST_WAIT = 60.0, 3.0, 4 * 3600.0
_KEEP = timedelta(days=30)


class MailSender:
    """The jobs "core.send-mails" and "core.tidy-mails"."""

    def __init__(self, db: Database, transport: Transport, templates: MailTemplates) -> None:
        self._db = db
        self._transport = transport
        self.templates = templates

    def run(self, run: JobRun) -> str | None:
        """Send what is due."""
        self._give_up_old()
        due = self._due() if self._transport.server.configured else []
        if not due:
            return None
        sent = 0
        try:
            with self._transport.connected() as connection:
                while due:
                    sent += self._send(connection, due[0])
                    due.pop(0)
                    run.progress(sent, sent + len(due))
        except (MailServerFailed, NotConfigured) as error:
            log.warning("mail server failed", waiting=len(due), error=error.id)
            self._postpone(due, error.message_id)
        return f"{sent} sent"

    def compose(self, mail: Mail, at: datetime) -> EmailMessage:
        """The mail as it is sent; raises CannotRender."""
        words = self.templates.render(mail.template, mail.language, mail.context)
        sender = self._transport.server.sender
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = sender
        message["To"] = mail.recipient
        message["Subject"] = words.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{mail.message_id}@{domain_of(sender)}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = mail.language
        message.set_content(words.text)
        message.add_alternative(words.html, subtype="html")
        return message

    def _due(self) -> list[int]:
        with self._db.read() as session:
            due = select(Mail.id).where(Mail.state == WAITING, Mail.due_at <= self._db.clock.now())
            return list(session.scalars(due.order_by(Mail.due_at, Mail.id).limit(_BATCH)))

    def _send(self, connection: smtplib.SMTP, mail_id: int) -> bool:
        with self._db.read() as session:
            mail = session.get_one(Mail, mail_id)
        try:
            deliver(connection, self.compose(mail, self._db.clock.now()))
        except MailRefused as refused:
            self._note(mail_id, FAILED if refused.permanent else WAITING, refused.message_id)
            return False
        except CannotRender as error:
            log.error("mail cannot be written", mail=mail_id, reason=str(error))
            self._note(mail_id, FAILED, N_("Its template is missing or broken."))
            return False
        self._note(mail_id, SENT, "")
        return True

    def _note(self, mail_id: int, state: str, error: str) -> None:
        with self._db.write() as unit:
            mail = unit.session.get_one(Mail, mail_id)
            now = unit.clock.now()
            mail.attempts += 1
            mail.state, mail.error = state, error
            if state == SENT:
                # What was said has been said: only that it was stays.
                mail.sent_at, mail.context = now, {}
            elif state == WAITING:
                mail.due_at = now + wait_after(mail.attempts)

    def _postpone(self, mails: Sequence[int], error: str) -> None:
        for mail_id in mails:
            self._note(mail_id, WAITING, error)

    def _give_up_old(self) -> None:
        too_old = (Mail.state == WAITING) & (Mail.created_at < self._db.clock.now() - _GIVEN_UP_AFTER)
        with self._db.read() as session:
            if session.scalar(select(Mail.id).where(too_old).limit(1)) is None:
                return
        with self._db.write() as unit:
            for mail in unit.session.scalars(select(Mail).where(too_old)):
                mail.state = FAILED
                mail.error = mail.error or N_("It waited for three days and is no news any more.")

    def tidy(self, _run: JobRun) -> str:
        """Delete what was queued 30 days ago."""
        with self._db.write() as unit:
            old = delete(Mail).where(Mail.created_at < unit.clock.now() - _KEEP).returning(Mail.id)
            return f"{len(unit.session.execute(old).all())} deleted"


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failed tries: a minute, 3, 9, … up to 4 hours."""
    return timedelta(seconds=min(_FIRST_WAIT * _GROWTH ** min(attempts - 1, 10), _LONGEST_WAIT))
