"""The outbox: events stored with the change they tell of, published after commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class OutboxEvent(Base):
    """One event. `sequence` is given at publication, so that a stream resumed by it has no gap even where
    transactions commit in another order than they took their ids."""

    __tablename__ = "outbox"
    personal = marks(contact_id="call_record")
    impersonal = marks(details="ids, codes and times only")

    id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int | None] = mapped_column(unique=True)
    type: Mapped[str]
    at: Mapped[datetime]
    client_id: Mapped[int | None]
    campaign_id: Mapped[int | None]
    contact_id: Mapped[int | None]
    call_id: Mapped[int | None]
    agent_id: Mapped[int | None]
    details: Mapped[dict[str, Any]]


class OutboxReader(Base):
    """How far a reader that must miss nothing has come: it goes on after `sequence`, also after a crash."""

    __tablename__ = "outbox_readers"
    impersonal = marks(name="the reader's")

    name: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int]
