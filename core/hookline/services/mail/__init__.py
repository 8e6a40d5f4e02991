"""Mail: a queue in the database, templates in each language, and an SMTP server that takes it all."""

from __future__ import annotations

from collections.abc import Mapping

from hookline.db.database import Database
from hookline.db.models import Mail
from hookline.errors import InvalidInput
from hookline.jobs import Job
from hookline.services.mail.addresses import is_address
from hookline.services.mail.health import mail_check
from hookline.services.mail.log import MailLog
from hookline.services.mail.notices import MailNotices
from hookline.services.mail.queue import MailQueue
from hookline.services.mail.sender import MailSender
from hookline.services.mail.smtp import MailServer, Transport, deliver
from hookline.services.mail.templates import MailTemplates
from hookline.text import N_


class MailService:
    """The parts of mail, put together. `plugins` are the active ones: name and import package."""

    def __init__(self, db: Database, server: MailServer, plugins: Mapping[str, str] | None = None) -> None:
        self._db = db
        self._transport = Transport(server)
        self.configured = server.configured
        self.queue = MailQueue()
        #: Queue a mail in one's own transaction: see MailQueue.send.
        self.send = self.queue.send
        self.sender = MailSender(db, self._transport, MailTemplates(plugins))
        self.log = MailLog(db)
        self.check = mail_check(db, server)
        self.notices = MailNotices(db, self.queue)

    def use_plugins(self, plugins: Mapping[str, str]) -> None:
        """Look for templates in these plugins from now on."""
        self.sender.templates = MailTemplates(plugins)

    def jobs(self) -> list[Job]:
        """What core does by itself about mails."""
        return [
            Job("core.send-mails", N_("Send mails"), self.sender.run, every_seconds=10),
            Job("core.tidy-mails", N_("Delete old mails"), self.sender.tidy, daily_at="03:25"),
        ]

    def send_test(self, to: str, language: str = "en") -> None:
        """Send a test mail here and now, past the queue. Raises InvalidInput, NotConfigured, MailServerFailed or
        MailRefused."""
        if not is_address(to):
            raise InvalidInput(N_("This is not an e-mail address."), N_("Write it like name@example.com."))
        now = self._db.clock.now()
        mail = Mail(template="test", language=language, recipient=to, context={}, message_id=f"test-{now.timestamp()}")
        with self._transport.connected() as connection:
            deliver(connection, self.sender.compose(mail, now))


__all__ = ["MailQueue", "MailServer", "MailService"]
