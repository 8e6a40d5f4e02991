"""What the jobs page shows: one row per job, its last run and result."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class JobStatus(Base):
    """A job's last run; `state`: running, done, failed, cancelled. Frequent jobs are noted once a minute."""

    __tablename__ = "jobs"
    impersonal = marks(name="the job's")
    held = True

    name: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[str] = mapped_column(default="")
    runs: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    #: Somebody asked for it from a page (maybe of another process): "", "run", "cancel".
    asked: Mapped[str] = mapped_column(default="")
