"""Scripts, their versions, and the answers given in calls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class Script(Base):
    """A conversation script. `client_id` None: campaigns of every client may use it."""

    __tablename__ = "scripts_scripts"
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    #: The title of the current version.
    title: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class ScriptVersion(Base):
    """One saved text of a script. Never changed: answers refer to it."""

    __tablename__ = "scripts_versions"
    __table_args__ = (UniqueConstraint("script_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts_scripts.id"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class Answer(Base):
    """What was answered to a question in a call. A changed answer is a new row; the newest counts. Personal data."""

    __tablename__ = "scripts_answers"
    personal = marks(value="script_answers")
    __table_args__ = (Index("ix_scripts_answers_call_question", "call_id", "question"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts_scripts.id"))
    version: Mapped[int]
    question: Mapped[str]
    value: Mapped[str] = mapped_column(Text)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    saved_at: Mapped[datetime]
