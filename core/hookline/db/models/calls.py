"""Attempts, the gate's decisions, calls, legs and recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hookline.db.base import Base, marks

_OPEN = text("closed_at IS NULL")
_NOT_ENDED = text("ended_at IS NULL")


class Attempt(Base):
    """One try at one number of one contact. Open from the question to the gate until the call's end.

    Two partial unique indexes are the lock: one open attempt per contact and per number, whoever asks.
    """

    __tablename__ = "attempts"
    personal = marks(contact_id="call_record", number="call_record")
    held = True
    __table_args__ = (
        Index("uq_attempts_open_contact", "contact_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("uq_attempts_open_number", "number", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_attempts_contact_opened", "contact_id", "opened_at"),
        Index("ix_attempts_number_opened", "number", "opened_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    campaign_contact_id: Mapped[int] = mapped_column(ForeignKey("campaign_contacts.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    number: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    mode: Mapped[str]
    opened_at: Mapped[datetime]
    #: Set when the gate let it through and the backend was told; only these count against the caps.
    placed_at: Mapped[datetime | None]
    #: Set by a withdrawal or suppression that came after opening: the decision is void.
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str] = mapped_column(default="")
    closed_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(default="")


class DialDecision(Base):
    """The gate's answer to one attempt, written before any backend is touched."""

    __tablename__ = "dial_decisions"
    personal = marks(number="call_record", refusals="call_record")
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempts.id"), unique=True)
    campaign_contact_id: Mapped[int] = mapped_column(ForeignKey("campaign_contacts.id"), index=True)
    number: Mapped[str]
    allowed: Mapped[bool]
    #: [{"rule": …, "message": …, "source": …}]
    refusals: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    #: Every policy that was asked, so that "allowed" can be shown to rest on something.
    asked: Mapped[list[str]]
    decided_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Call(Base):
    """The conversation that an attempt became."""

    __tablename__ = "calls"
    personal = marks(
        contact_id="call_record",
        number="call_record",
        dtmf="call_record",
        note="call_record",
        headers="call_record",
    )
    impersonal = marks(caller_id="the number of the client's own that was shown")
    held = True
    __table_args__ = (
        Index("ix_calls_campaign_queued", "campaign_id", "queued_at"),
        Index("ix_calls_open", "state", sqlite_where=_NOT_ENDED, postgresql_where=_NOT_ENDED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: None for a call that came in, and for the part of a call that another agent took over.
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempts.id"), unique=True)
    #: The call of which this one is the next part: another agent took the customer over.
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    campaign_contact_id: Mapped[int] = mapped_column(ForeignKey("campaign_contacts.id"), index=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    #: "outbound" or "inbound".
    direction: Mapped[str] = mapped_column(default="outbound")
    #: The customer's; "" where he calls in and withholds it.
    number: Mapped[str]
    caller_id: Mapped[str] = mapped_column(default="")
    backend: Mapped[str]
    conversation_id: Mapped[str]
    #: One leg may go through several calls, one after the other; `Leg.call_id` is the one it is in now.
    customer_leg_id: Mapped[str] = mapped_column(index=True)
    #: Of a call that came in: the trunk or phone number it came by.
    line: Mapped[str] = mapped_column(default="")
    #: Custom signalling headers that came with it, or with its answer.
    headers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(default="queued")
    result: Mapped[str] = mapped_column(default="")
    hangup_cause: Mapped[str] = mapped_column(default="")
    network_code: Mapped[int] = mapped_column(default=0)
    on_hold: Mapped[bool] = mapped_column(default=False)
    muted: Mapped[bool] = mapped_column(default=False)
    recording_paused: Mapped[bool] = mapped_column(default=False)
    #: Digits the customer pressed.
    dtmf: Mapped[str] = mapped_column(default="")
    #: Who answered by the sound of it: "person", "machine", "undecided"; empty where nobody listened for it.
    answerer: Mapped[str] = mapped_column(default="")
    #: When that was settled: from then on a person waits for an agent.
    settled_at: Mapped[datetime | None]
    queued_at: Mapped[datetime]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    agent_connected_at: Mapped[datetime | None]
    #: When the agent left it to go on without him; None where he stayed to its end.
    agent_left_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    disposition_id: Mapped[int | None] = mapped_column(ForeignKey("dispositions.id"))
    disposed_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")

    legs: Mapped[list[Leg]] = relationship(order_by="Leg.started_at")


class Leg(Base):
    """One party's connection: the customer's per call; the agent's lasts over many calls (call_id None)."""

    __tablename__ = "legs"
    personal = marks(call_id="call_record")

    id: Mapped[str] = mapped_column(primary_key=True)
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"), index=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(default="")


class Recording(Base):
    """The sound of a call. A recorded voice is personal data.

    `state`: recording, stored (closed, and can be played), failed, deleting, deleted.
    """

    __tablename__ = "recordings"
    personal = marks(path="recording")
    held = True

    id: Mapped[int] = mapped_column(primary_key=True)
    #: The id by which the backend knows it.
    backend_id: Mapped[str] = mapped_column(unique=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    #: Its key in the store, and its place in the working folder, which backends record into.
    path: Mapped[str]
    #: Name of the store that holds it; "" while it is only in the working folder.
    store: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="recording")
    complete: Mapped[bool] = mapped_column(default=False)
    seconds: Mapped[float] = mapped_column(default=0.0)
    bytes: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(default="")
    #: "wav" as the backend wrote it; "flac" or "opus" once it was compressed.
    codec: Mapped[str] = mapped_column(default="wav")
    #: Its pauses: [second of the file, length of the pause in seconds].
    gaps: Mapped[list[list[float]]] = mapped_column(JSON, default=list)
    #: For the player: of each channel, the loudest of each of so many equal pieces, 0 to 100. None: not measured yet.
    peaks: Mapped[list[list[int]] | None] = mapped_column(JSON)
    #: The key of the file that a compressed one replaced, until that is deleted.
    replaced: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime]


class RecordingDeletion(Base):
    """The receipt of a deleted recording: kept, so that the deletion can be proved. Holds no personal data."""

    __tablename__ = "recording_deletions"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording_id: Mapped[int] = mapped_column(ForeignKey("recordings.id"), unique=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    key: Mapped[str]
    store: Mapped[str]
    #: Of what was deleted; "" where the store held nothing any more.
    sha256: Mapped[str]
    reason: Mapped[str]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    #: Set when the store confirmed it.
    deleted_at: Mapped[datetime | None]
