"""Whether mails get out, for the health page and `hookline doctor`."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from hookline.db.database import Database
from hookline.db.models import Mail
from hookline.health import Finding, HealthCheck, ok, warning
from hookline.services.mail.queue import FAILED, WAITING
from hookline.services.mail.smtp import MailServer
from hookline.text import N_

_WAIT = timedelta(minutes=15)
_LATELY = timedelta(days=1)


def mail_check(db: Database, server: MailServer) -> HealthCheck:
    """Looks at the queue; the server itself is asked by `hookline mail test`."""

    def look() -> list[Finding]:
        if not server.configured:
            return [ok(N_("Mail is not set up: nobody is written to."))]
        now = db.clock.now()
        late = (Mail.state == WAITING) & (Mail.created_at < now - _WAIT)
        given_up = (Mail.state == FAILED) & (Mail.created_at > now - _LATELY)
        with db.read() as session:
            waiting = session.scalar(select(func.count()).select_from(Mail).where(late))
            failed = session.scalar(select(func.count()).select_from(Mail).where(given_up))
        found = []
        advice = N_("The page Mails says why; hookline mail test says what the server answers.")
        if waiting:
            found.append(warning(N_("%(count)s mails wait for the mail server."), advice, count=waiting))
        if failed:
            found.append(warning(N_("%(count)s mails of the last day were given up."), advice, count=failed))
        return found or [ok(N_("No mail waits for long."))]

    return HealthCheck("core.mail", N_("Mail"), look)
