"""The queue: a mail is a row, written in the transaction that made it necessary, and sent after that is committed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from hookline.db.database import UnitOfWork
from hookline.db.models import Mail
from hookline.errors import InvalidInput
from hookline.services.mail.addresses import is_address
from hookline.text import N_

LANGUAGES = ("en", "pl")
WAITING, SENT, FAILED = "waiting", "sent", "failed"


class MailQueue:
    """Takes mails in. Holds nothing, so that whoever needs one may make one."""

    def send(
        self,
        unit: UnitOfWork,
        template: str,
        to: str,
        language: str,
        context: Mapping[str, Any],
        *,
        once: str | None = None,
    ) -> bool:
        """Queue a mail in the caller's transaction; whether it was.

        `template` names a core template, or "<plugin>/<name>" a plugin's own (see docs/how-to/send-mail.md). `context`
        is JSON-ready and says no more than the mail must. With `once` the mail is queued only where none of that name
        ever was. Raises InvalidInput where `to` is not one plain address.
        """
        if not is_address(to):
            text = N_("This is not an e-mail address.")
            raise InvalidInput(text, N_("Write it like name@example.com."), {"email": [text]})
        if once is not None and unit.session.scalar(select(Mail.id).where(Mail.once == once)) is not None:
            return False
        now = unit.clock.now()
        unit.session.add(
            Mail(
                template=template,
                language=language if language in LANGUAGES else LANGUAGES[0],
                recipient=to,
                context=dict(context),
                message_id=uuid.uuid4().hex,
                once=once,
                due_at=now,
                created_at=now,
            )
        )
        unit.session.flush()
        return True
