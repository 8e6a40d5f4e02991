"""Receiving webhooks, for plugins: is it from whom it says, is it fresh, is it small enough, was it here before.

See docs/how-to/receive-webhooks.md for a whole view.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from hookline import webhook_signature
from hookline.db.database import UnitOfWork
from hookline.db.models import WebhookSeen
from hookline.errors import HooklineError, InvalidInput
from hookline.ports.clock import Clock
from hookline.text import N_

DEFAULT_TOLERANCE_SECONDS = 300
DEFAULT_MAX_BYTES = 1024 * 1024
DEFAULT_KEEP = timedelta(days=7)
_LONGEST_ID = 255


class WebhookTooLarge(HooklineError):
    """The body is larger than the receiver takes."""

    id = "webhook-too-large"
    status = 413


class WebhookRefused(HooklineError):
    """The signature is missing, cannot be read, is not from this secret, or is too old."""

    id = "webhook-refused"
    status = 401


def read_body(stream: BinaryIO, *, max_bytes: int = DEFAULT_MAX_BYTES) -> bytes:
    """The body, where it has at most `max_bytes`; raises WebhookTooLarge without reading the rest into memory."""
    parts: list[bytes] = []
    left = max_bytes + 1
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    body = b"".join(parts)
    _refuse_large(len(body), max_bytes)
    return body


def verify(
    body: bytes,
    headers: Mapping[str, str],
    secret: str | Iterable[str],
    *,
    tolerance_seconds: int = DEFAULT_TOLERANCE_SECONDS,
    max_bytes: int = DEFAULT_MAX_BYTES,
    clock: Clock,
    header: str = webhook_signature.HEADER,
) -> datetime:
    """Make sure that the message was signed with the secret (or one of several) just now; returns when.

    `header` names the signature's header, whose form is `t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "t.body">`.
    Verify the bytes as they came, before they are parsed. Raises WebhookTooLarge (413) or WebhookRefused (401); why is
    in the message, and says nothing that would help to forge one.
    """
    _refuse_large(len(body), max_bytes)
    secrets = [secret] if isinstance(secret, str) else list(secret)
    if not secrets or not all(secrets):
        raise ValueError("an empty secret would let in whoever knows the form of the signature")
    signature = webhook_signature.parse(_header(headers, header))
    if signature is None:
        raise WebhookRefused(
            N_("The message carries no signature that can be read."),
            N_("Sign it as docs/how-to/receive-webhooks.md describes."),
        )
    # Every secret is tried, so that the time it takes does not tell which one fits.
    if not sum(webhook_signature.fits(signature, one, body) for one in secrets):
        raise WebhookRefused(
            N_("The signature does not fit the message."), N_("Check that both sides have the same secret.")
        )
    if abs(clock.now().timestamp() - signature.timestamp) > tolerance_seconds:
        raise WebhookRefused(
            N_("The message was signed too long ago, or in the future."),
            N_("Sign it anew each time it is sent, and check both sides' clocks."),
        )
    return datetime.fromtimestamp(signature.timestamp, UTC)


def _refuse_large(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise WebhookTooLarge(
            N_("The message is larger than %(most)s bytes."), N_("Send less at once."), params={"most": max_bytes}
        )


def _header(headers: Mapping[str, str], name: str) -> str:
    # Servers hand headers over in their own spelling.
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


class SeenEvents:
    """Which events were taken in already. Senders repeat what they are not sure of: each is acted upon once."""

    def __init__(self, keep: timedelta = DEFAULT_KEEP) -> None:
        self._keep = keep

    def accept(self, unit: UnitOfWork, source: str, event_id: str) -> bool:
        """Whether the event is new; from now on it is not.

        Call it in the transaction that does what the event asks for: where that fails, the event stays new. Where two
        bring the same event at once, the second waits for the first's end. Raises InvalidInput for an id that is empty
        or longer than 255 characters. An event is remembered for `keep` (a week).
        """
        if not event_id or len(event_id) > _LONGEST_ID:
            raise InvalidInput(N_("The message has no id that can be kept."), N_("Give each event an id of its own."))
        session = unit.session
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        now = unit.clock.now()
        written = session.execute(
            insert(WebhookSeen)
            .values(source=source, event_id=event_id, seen_at=now, expires_at=now + self._keep)
            .on_conflict_do_nothing()
            .returning(WebhookSeen.event_id)
        )
        return written.first() is not None

    @staticmethod
    def forget_expired(unit: UnitOfWork) -> int:
        """Delete what was remembered long enough; returns how many."""
        gone = delete(WebhookSeen).where(WebhookSeen.expires_at <= unit.clock.now()).returning(WebhookSeen.event_id)
        return len(unit.session.execute(gone).all())
