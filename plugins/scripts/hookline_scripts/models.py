"""Scripts, their versions, and the answers given in calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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


class Run(Base):
    """A call's way through a script that leads the agent: where it is now. It keeps the version it began with."""

    __tablename__ = "scripts_runs"
    personal = marks(variables="script_answers")
    held = True

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts_scripts.id"), primary_key=True)
    version: Mapped[int]
    #: Ids of the nodes shown, the present one last; going back shortens it.
    path: Mapped[list[str]]
    #: What was computed or looked up on the way, as texts.
    variables: Mapped[dict[str, Any]]
    moves: Mapped[int] = mapped_column(default=0)
    began_at: Mapped[datetime]
    moved_at: Mapped[datetime]


class Visit(Base):
    """One node that a call came to, silent ones among them. Never changed: the funnel and times are read from it."""

    __tablename__ = "scripts_visits"
    __table_args__ = (
        Index("ix_scripts_visits_call", "call_id"),
        Index("ix_scripts_visits_script_node", "script_id", "version", "node"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    script_id: Mapped[int] = mapped_column(ForeignKey("scripts_scripts.id"))
    version: Mapped[int]
    node: Mapped[str]
    #: The node shown before; "" at the beginning.
    origin: Mapped[str] = mapped_column(default="")
    #: "begin", "next", "back", "objection"; "passed" for a silent node.
    how: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
