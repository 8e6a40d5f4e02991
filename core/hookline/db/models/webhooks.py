"""Webhooks: where events are sent to, what was sent, and which events came in already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class WebhookEndpoint(Base):
    """An address that gets the events of one client. `state`: active, paused, gone (it answered 410)."""

    __tablename__ = "webhook_endpoints"
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    url: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    event_types: Mapped[list[str]]
    #: Encrypted with the key in the data folder, as the previous one, which signs too until `previous_until`.
    secret: Mapped[str]
    previous_secret: Mapped[str] = mapped_column(default="")
    previous_until: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="active")
    #: Hookline paused it itself, since message after message could not be delivered.
    paused_by_failures: Mapped[bool] = mapped_column(default=False)
    #: How many messages in a row were given up.
    dead_in_a_row: Mapped[int] = mapped_column(default=0)
    last_success_at: Mapped[datetime | None]
    last_failure_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]


class WebhookDelivery(Base):
    """One event on its way to one endpoint. `state`: waiting, delivered, dead.

    The body is kept as it is sent, so that each try sends the same bytes. It holds ids only.
    """

    __tablename__ = "webhook_deliveries"
    impersonal = marks(body="ids, codes and times only", answer="what the receiving program said")
    held = True
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_webhook_deliveries_state_due", "state", "due_at"),
        Index("ix_webhook_deliveries_order", "endpoint_id", "call_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id"))
    #: "evt_" and the event's sequence; "ping_" and something random for a test message.
    event_id: Mapped[str]
    event_type: Mapped[str]
    call_id: Mapped[int | None]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]
    #: What came of the last try: HTTP status (None where none came), what was wrong (a message id), the answer's start.
    status: Mapped[int | None]
    error: Mapped[str] = mapped_column(default="")
    answer: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class WebhookSeen(Base):
    """An event that came in by a webhook and was acted upon: it is not, when it comes again."""

    __tablename__ = "webhook_in_seen"

    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
