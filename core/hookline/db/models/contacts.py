"""Contacts, their numbers, and the lists they are on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
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
        region="contact",
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
    #: State, province or voivodeship.
    region: Mapped[str] = mapped_column(default="")
    notes: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    #: IANA name; from the file, else the address, else the number's country.
    time_zone: Mapped[str]
    custom: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The import that brought the contact in, so that it can be undone; None for one added by itself.
    import_id: Mapped[int | None]
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
    #: The number first: whose a number is gets asked within a client and across them.
    __table_args__ = (UniqueConstraint("e164", "client_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    e164: Mapped[str]
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
    #: Set: it feeds no campaign any more and takes no import, but is kept with its contacts.
    archived_at: Mapped[datetime | None]


class ListContact(Base):
    """A contact's place on a list."""

    __tablename__ = "list_contacts"
    personal = marks(contact_id="contact")

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True, index=True)
    import_id: Mapped[int | None]
    added_at: Mapped[datetime | None]


class ContactTag(Base):
    """A word that contacts are filed under. `client_id` is the contact's, so that a client's tags are found at once."""

    __tablename__ = "contact_tags"
    personal = marks(contact_id="contact", tag="contact")
    __table_args__ = (Index("ix_contact_tags_client_id_tag_contact_id", "client_id", "tag", "contact_id"),)

    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))


class ContactSearch(Base):
    """What a contact is found by, folded (see `hookline.db.contact_search`). On SQLite the full-text table
    `contact_fts` follows it by triggers, on PostgreSQL a trigram index covers it."""

    __tablename__ = "contact_search"
    personal = marks(contact_id="contact", text="contact")

    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), primary_key=True, autoincrement=False)
    text: Mapped[str]


class ListField(Base):
    """What a list says of a custom field of its contacts: its type, by which values are checked and shown."""

    __tablename__ = "list_fields"

    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    #: "text", "number", "date", "yes_no" or "choice"
    kind: Mapped[str] = mapped_column(default="text")
    choices: Mapped[list[str]] = mapped_column(default=list)


class CustomField(Base):
    """What a custom field of a client's contacts is. One that is not declared counts as ordinary personal data."""

    __tablename__ = "custom_fields"

    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(default="")
    #: "ordinary", "special" or "none" (see `hookline.data_holders.Classification`).
    classification: Mapped[str] = mapped_column(default="ordinary")
