"""Contacts, their numbers, and the lists they are on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hookline.db.base import Base, marks


class Contact(Base):
    """A person or company in one client's CRM. Personal data (GDPR art. 4(1))."""

    __tablename__ = "contacts"
    personal = marks(
        external_id="contact",
        first_name="contact",
        last_name="contact",
        company="contact",
        email="contact",
        city="contact",
        notes="contact",
        language="contact",
        custom="contact",
    )
    held = True
    __table_args__ = (UniqueConstraint("client_id", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    external_id: Mapped[str | None]
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    company: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    notes: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    #: IANA name; from the number's country at import, unless the list says otherwise.
    time_zone: Mapped[str]
    custom: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    numbers: Mapped[list[ContactNumber]] = relationship(
        back_populates="contact", order_by="ContactNumber.position", cascade="all, delete-orphan"
    )

    @property
    def name(self) -> str:
        """The name to show: person, else company, else nothing."""
        return f"{self.first_name} {self.last_name}".strip() or self.company


class ContactNumber(Base):
    """A phone number of a contact, E.164. One client holds a number at one contact only."""

    __tablename__ = "contact_numbers"
    personal = marks(contact_id="contact", e164="contact")
    __table_args__ = (UniqueConstraint("client_id", "e164"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    e164: Mapped[str] = mapped_column(index=True)
    position: Mapped[int] = mapped_column(default=0)
    #: "valid" or "wrong" (a disposition said so, or the network: such a number is not presented again)
    state: Mapped[str] = mapped_column(default="valid")
    last_result: Mapped[str] = mapped_column(default="")

    contact: Mapped[Contact] = relationship(back_populates="numbers")


class ContactList(Base):
    """A named, imported set of contacts ("baza")."""

    __tablename__ = "lists"
    impersonal = marks(name="the list's")
    __table_args__ = (UniqueConstraint("client_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    name: Mapped[str]
    #: ISO 3166 code: the country of numbers written without a prefix.
    country: Mapped[str]
    created_at: Mapped[datetime]


class ListContact(Base):
    """A contact's place on a list."""

    __tablename__ = "list_contacts"
    personal = marks(contact_id="contact")

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True, index=True)


class CustomField(Base):
    """What a custom field of a client's contacts is. One that is not declared counts as ordinary personal data."""

    __tablename__ = "custom_fields"

    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(default="")
    #: "ordinary", "special" or "none" (see `hookline.data_holders.Classification`).
    classification: Mapped[str] = mapped_column(default="ordinary")
