"""Rehearsals of campaigns: what was asked, and what came of it. Sums only, no person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base


class Rehearsal(Base):
    """One rehearsal. `state`: waiting, running, done, failed, cancelled; `result` as `rehearsal.service` makes it."""

    __tablename__ = "rehearsals"
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    plan: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting")
    #: Seconds of the day that are rehearsed, and of how many.
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
