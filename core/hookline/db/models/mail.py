"""Mails that wait to be sent, and those that were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class Mail(Base):
    """A mail in the queue. `state`: waiting, sent, failed (given up)."""

    __tablename__ = "mails"
    personal = marks(recipient="agents", context="agents")
    held = True
    __table_args__ = (Index("ix_mails_state_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    template: Mapped[str]
    language: Mapped[str]
    recipient: Mapped[str]
    #: What the template is filled in with; emptied when the mail is sent.
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The same at each try, so that a mail sent twice after a crash is shown once by most programs.
    message_id: Mapped[str] = mapped_column(unique=True)
    #: Names what the mail is about, where it must be queued once however often that is asked for.
    once: Mapped[str | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
