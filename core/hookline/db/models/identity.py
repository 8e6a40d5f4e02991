"""Clients (controllers) and users."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class Client(Base):
    """The company on whose behalf campaigns call: the controller (GDPR art. 4(7))."""

    __tablename__ = "clients"
    impersonal = marks(
        name="a company's",
        legal_name="a company's",
        address="a company's",
        privacy_contact="published by the company",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    legal_name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    privacy_contact: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class User(Base):
    """A person who logs in. Deactivated, never deleted: statistics stay."""

    __tablename__ = "users"
    personal = marks(login="agents", display_name="agents", password_hash="agents", email="agents")  # noqa: S106

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    #: Where Hookline writes to him, for those who want that.
    email: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    #: Raised at deactivation and password change; a browser session made before is refused.
    session_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


class UserClient(Base):
    """A client whose data a supervisor may reach. Administrators reach all; agents reach by campaign."""

    __tablename__ = "user_clients"
    personal = marks(user_id="agents")

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), primary_key=True)
