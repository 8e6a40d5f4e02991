"""Numbers never to be called."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class SuppressionList(Base):
    """A named list. `client_id` None: it binds the whole installation; `campaign_id` set: that campaign only."""

    __tablename__ = "suppression_lists"
    impersonal = marks(name="the list's")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    created_at: Mapped[datetime]


class Suppression(Base):
    """One number on one list. `client_id` and `campaign_id` are its list's, so that a dial is decided by one look."""

    __tablename__ = "suppressions"
    personal = marks(e164="consent_proof")

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int | None] = mapped_column(ForeignKey("suppression_lists.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    e164: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    source: Mapped[str]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    #: From then on the number may be called again; None: never.
    expires_at: Mapped[datetime | None]
