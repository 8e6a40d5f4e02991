"""The queue as administrators see it: what was sent, what waits and why. Recipients are masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from hookline.db.database import Database
from hookline.db.models import Mail
from hookline.domain.access import Actor
from hookline.errors import Conflict, NotFound
from hookline.services import keyset
from hookline.services.keyset import Cursor, KeysetPage
from hookline.services.mail.addresses import mask
from hookline.services.mail.queue import FAILED, WAITING
from hookline.text import N_

MANAGE = "mail.manage"
_PAGE = 50


@dataclass(frozen=True)
class MailLine:
    """A mail in the log; its words are not shown."""

    id: int
    template: str
    language: str
    recipient: str
    state: str
    attempts: int
    error: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None


class MailLog:
    """Reads the queue, and puts given-up mails back into it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def lines(self, actor: Actor, cursor: Cursor, *, state: str | None = None) -> KeysetPage[MailLine]:
        """Mails, newest first."""
        actor.require(MANAGE)
        query = select(Mail) if state is None else select(Mail).where(Mail.state == state)
        with self._db.read() as session:
            rows, before, after = keyset.fetch(session, query, Mail.id, cursor, _PAGE, newest_first=True)
        return keyset.page([_line(row[0]) for row in rows], before, after, lambda line: line.id)

    def waiting(self, actor: Actor) -> int:
        """How many wait to be sent."""
        actor.require(MANAGE)
        with self._db.read() as session:
            return session.scalar(select(func.count()).select_from(Mail).where(Mail.state == WAITING)) or 0

    def try_again(self, actor: Actor, mail_id: int) -> None:
        """Queue a given-up mail again. Raises NotFound, and Conflict where it was not given up."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            mail = unit.session.get(Mail, mail_id)
            if mail is None:
                raise NotFound(N_("There is no such mail."))
            if mail.state != FAILED:
                raise Conflict(N_("This mail was sent, or is on its way already."))
            now = unit.clock.now()
            # Its three days begin anew.
            mail.state, mail.attempts, mail.due_at, mail.created_at = WAITING, 0, now, now


def _line(mail: Mail) -> MailLine:
    return MailLine(
        mail.id,
        mail.template,
        mail.language,
        mask(mail.recipient),
        mail.state,
        mail.attempts,
        mail.error,
        mail.created_at,
        mail.due_at,
        mail.sent_at,
    )
