"""Which plugins were enabled when, in which versions and with which settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class ReleaseSet(Base):
    """A numbered set: what somebody wanted the installation to be built from. Never changed, but for how it went."""

    __tablename__ = "release_sets"
    impersonal = marks(number="counts the sets", note="why plugins were changed")

    number: Mapped[int] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    #: Where the change came from: "page", "command", "file" (hookline.toml was edited), "start".
    origin: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    #: Enabled plugins: name -> version.
    plugins: Mapped[dict[str, Any]]
    #: name -> setting -> value, of those that were set; a secret is {"fingerprint": …}.
    settings: Mapped[dict[str, Any]]
    #: The set that this one brought back.
    restores: Mapped[int | None]
    #: Whether calls that are up are hung up rather than waited for, where a telephony plugin goes.
    ends_calls: Mapped[bool] = mapped_column(default=False)
    #: When the running server had it in force; None until then.
    applied_at: Mapped[datetime | None]
    #: What did not work then, in English; empty where all did.
    problem: Mapped[str] = mapped_column(default="")
