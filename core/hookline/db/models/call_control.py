"""What agents and supervisors do in a running call: whom they bring in, who listens, what is played."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks

_OPEN = text("ended_at IS NULL")


class CallParty(Base):
    """Somebody whom an agent brought into his call: to ask, to talk in three, or to hand the customer over.

    `state`: ringing, talking (with the agent, the customer held), aside (held, the agent with the customer),
    conference, passed (the customer is with them), ended. One open party per call.
    """

    __tablename__ = "call_parties"
    personal = marks(call_id="call_record", number="call_record", label="call_record")
    held = True
    __table_args__ = (
        Index("uq_call_parties_open", "call_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    #: A colleague, or None for a number.
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    number: Mapped[str] = mapped_column(default="")
    label: Mapped[str] = mapped_column(default="")
    leg_id: Mapped[str] = mapped_column(index=True)
    #: "blind" or "consult".
    manner: Mapped[str]
    state: Mapped[str] = mapped_column(default="ringing")
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    passed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(default="")


class PartyDecision(Base):
    """The number policies' answer about somebody who is no contact: a transfer's target, an agent's own telephone."""

    __tablename__ = "party_decisions"
    personal = marks(number="call_record", dial_strings="call_record", refusals="call_record")

    id: Mapped[int] = mapped_column(primary_key=True)
    #: "transfer", "consult" or "station".
    purpose: Mapped[str]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    asked_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    number: Mapped[str]
    #: What the network would be asked for, each line's prefix included.
    dial_strings: Mapped[list[str]] = mapped_column(JSON)
    allowed: Mapped[bool]
    refusals: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    asked: Mapped[list[str]] = mapped_column(JSON)
    decided_at: Mapped[datetime] = mapped_column(index=True)


class Supervision(Base):
    """A supervisor at an agent's line, from his wish to its end. Who heard whom is kept as proof (GDPR 32)."""

    __tablename__ = "supervisions"
    personal = marks(supervisor_id="audit", agent_id="audit", reason="audit")
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    supervisor_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    backend: Mapped[str]
    conversation_id: Mapped[str]
    leg_id: Mapped[str] = mapped_column(unique=True)
    station_kind: Mapped[str]
    #: In the supervisor's words: why he listens.
    reason: Mapped[str] = mapped_column(default="")
    #: "connecting", "connected", "lost", "ended"
    state: Mapped[str] = mapped_column(default="connecting")
    mode: Mapped[str]
    started_at: Mapped[datetime]
    connected_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(default="")


class SupervisionStep(Base):
    """A mode taken during a supervision, or a call that began under it."""

    __tablename__ = "supervision_steps"
    personal = marks(call_id="audit")

    id: Mapped[int] = mapped_column(primary_key=True)
    supervision_id: Mapped[int] = mapped_column(ForeignKey("supervisions.id"), index=True)
    mode: Mapped[str]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    at: Mapped[datetime]


class Prompt(Base):
    """A sound that callers are played; of a client, or (client_id None) of the whole installation."""

    __tablename__ = "prompts"
    impersonal = marks(name="the sound's")
    __table_args__ = (
        Index(
            "uq_prompts_client_kind",
            "client_id",
            "kind",
            unique=True,
            sqlite_where=text("client_id IS NOT NULL"),
            postgresql_where=text("client_id IS NOT NULL"),
        ),
        Index(
            "uq_prompts_kind",
            "kind",
            unique=True,
            sqlite_where=text("client_id IS NULL"),
            postgresql_where=text("client_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"))
    #: See `hookline.services.prompts.PromptKind`.
    kind: Mapped[str]
    name: Mapped[str]
    #: Below the installation's folder of prompts.
    path: Mapped[str]
    seconds: Mapped[float]
    rate: Mapped[int]
    sha256: Mapped[str]
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    uploaded_at: Mapped[datetime]
