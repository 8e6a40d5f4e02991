"""Promised later calls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks

_OPEN = text("state = 'open'")


class Callback(Base):
    """A promise to call again. `owner_id` None: any agent of the campaign keeps it. One open per record."""

    __tablename__ = "callbacks"
    personal = marks(contact_id="call_record", wall_time="call_record", note="call_record")
    held = True
    __table_args__ = (
        Index(
            "uq_callbacks_open_record", "campaign_contact_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
        ),
        Index("ix_callbacks_state_due", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    campaign_contact_id: Mapped[int] = mapped_column(ForeignKey("campaign_contacts.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    booked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: What was agreed, as the contact would say it: "2026-11-25T14:30" in `zone`.
    wall_time: Mapped[str]
    zone: Mapped[str]
    due_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="open")
    reminded_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
