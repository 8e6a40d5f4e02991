"""Whether webhooks get out, for the health page and `hookline doctor`."""

from __future__ import annotations

from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import WebhookEndpoint
from hookline.errors import HooklineError
from hookline.health import Finding, HealthCheck, ok, problem, warning
from hookline.secret_box import SecretBox
from hookline.text import N_


def webhook_check(db: Database, box: SecretBox) -> HealthCheck:
    """Looks at every endpoint."""

    def look() -> list[Finding]:
        with db.read() as session:
            endpoints = session.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.id)).all()
        stopped = [e for e in endpoints if e.state == "gone" or e.paused_by_failures]
        found = [
            warning(
                N_("Nothing is sent to the webhook endpoint %(id)s any more."),
                N_("The page Webhooks shows what it answered; mend it, then activate the endpoint."),
                id=endpoint.id,
            )
            for endpoint in stopped
        ]
        try:
            for endpoint in endpoints:
                box.open(endpoint.secret)
        except HooklineError as error:
            found.append(problem(error.message_id, error.advice_id, **error.params))
        return found or [ok(N_("Nothing keeps messages from being sent (endpoints: %(count)s)."), count=len(endpoints))]

    return HealthCheck("core.webhooks", N_("Webhooks"), look)
