"""Plugins that were stopped after too many errors, and who brought them back; policies that somebody did without."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base


class PluginQuarantine(Base):
    """A plugin's stop by its error budget. While `released_at` is empty it stands, also after a restart."""

    __tablename__ = "plugin_quarantines"
    __table_args__ = (Index("ix_plugin_quarantines_standing", "plugin", "released_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plugin: Mapped[str]
    since_at: Mapped[datetime]
    #: The hook or page of the last error, its type, its message without personal data, and where it was raised.
    place: Mapped[str]
    error_type: Mapped[str]
    message: Mapped[str]
    frames: Mapped[list[str]]
    released_at: Mapped[datetime | None]
    #: None: from the command line.
    released_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class DroppedPolicy(Base):
    """A required policy that a campaign does without, by whose decision and why. Kept after it is required again."""

    __tablename__ = "dropped_policies"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    policy: Mapped[str]
    reason: Mapped[str]
    dropped_at: Mapped[datetime]
    dropped_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    restored_at: Mapped[datetime | None]
    restored_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
