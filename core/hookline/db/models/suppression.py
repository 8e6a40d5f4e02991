"""Numbers never to be called."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class Suppression(Base):
    """One number. `client_id` None: for the whole installation; `campaign_id` set: for that campaign only."""

    __tablename__ = "suppressions"
    personal = marks(e164="consent_proof")

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    e164: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    source: Mapped[str]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
