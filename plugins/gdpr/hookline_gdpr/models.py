"""Consents, with what proves them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hookline.db.base import Base, marks
from hookline.db.models import Contact


class Consent(Base):
    """A contact's consent to be called by a client for a purpose. Withdrawn, never deleted: it is the proof."""

    __tablename__ = "gdpr_consents"
    personal = marks(contact_id="consent_proof", evidence="consent_proof")
    held = True
    __table_args__ = (Index("ix_gdpr_consents_contact_purpose", "contact_id", "purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The controller to whom it was given.
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    purpose: Mapped[str]
    channel: Mapped[str] = mapped_column(default="telephone")
    #: The words that were agreed to.
    wording: Mapped[str] = mapped_column(Text)
    wording_version: Mapped[str] = mapped_column(default="")
    #: Where the proof is: a form, a file, a log entry.
    evidence: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    #: The first moment at which it no longer counts; None: until it is withdrawn.
    valid_until: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_because: Mapped[str] = mapped_column(default="")
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    contact: Mapped[Contact] = relationship()
