"""The plugin's tables: accounts, numbers, and what became of calls and recordings at Twilio."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hookline.db.base import Base, marks
from hookline.db.models import Client


class AccountRecord(Base):
    """A client's own Twilio sub-account. Its secrets are not here: `secret_variable` and `token_variable` name what
    carries them."""

    __tablename__ = "telephony_twilio_accounts"
    impersonal = marks(name="the account's", caller_id="a number of one's own")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), unique=True)
    account_sid: Mapped[str] = mapped_column(unique=True)
    api_key_sid: Mapped[str]
    secret_variable: Mapped[str]
    token_variable: Mapped[str]
    caller_id: Mapped[str] = mapped_column(default="")
    app_sid: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]

    client: Mapped[Client] = relationship()


class NumberRecord(Base):
    """A number of an account's by which calls may come in. `ours`: its calls are handed to this installation."""

    __tablename__ = "telephony_twilio_numbers"
    impersonal = marks(e164="a number of one's own", name="the number's, at Twilio")

    sid: Mapped[str] = mapped_column(primary_key=True)
    account_sid: Mapped[str] = mapped_column(index=True)
    e164: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    ours: Mapped[bool]
    seen_at: Mapped[datetime]


class CallRecord(Base):
    """One leg's call at Twilio: written before it is asked for, so that a stop at any moment leaves its trace."""

    __tablename__ = "telephony_twilio_calls"

    leg_id: Mapped[str] = mapped_column(primary_key=True)
    account_sid: Mapped[str]
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    kind: Mapped[str]
    #: "" until Twilio has said it.
    call_sid: Mapped[str] = mapped_column(default="", index=True)
    requested_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    status: Mapped[str] = mapped_column(default="")
    duration_seconds: Mapped[int] = mapped_column(default=0)
    #: What it cost, in `price_unit` (ISO 4217); None until Twilio has said it.
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 5), default=None)
    price_unit: Mapped[str] = mapped_column(default="")
    price_asked: Mapped[int] = mapped_column(default=0)


class RecordingRecord(Base):
    """A recording at Twilio: fetched, then deleted there; the row is the receipt."""

    __tablename__ = "telephony_twilio_recordings"

    recording_id: Mapped[str] = mapped_column(primary_key=True)
    sid: Mapped[str] = mapped_column(index=True)
    account_sid: Mapped[str]
    call_sid: Mapped[str]
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    path: Mapped[str]
    begun_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None] = mapped_column(default=None)
    bytes: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(default="")
    #: When Twilio confirmed that it keeps it no more.
    deleted_at: Mapped[datetime | None] = mapped_column(default=None, index=True)


class VoicemailRecord(Base):
    """A message that a caller left whom nobody could take."""

    __tablename__ = "telephony_twilio_voicemails"
    personal = marks(number="recording", path="recording")

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    account_sid: Mapped[str]
    line: Mapped[str]
    #: The caller's, E.164; "" where withheld.
    number: Mapped[str] = mapped_column(index=True)
    sid: Mapped[str] = mapped_column(unique=True)
    path: Mapped[str]
    seconds: Mapped[float] = mapped_column(default=0.0)
    #: It is to be deleted everywhere, and not to be fetched any more.
    erased: Mapped[bool] = mapped_column(default=False, server_default=false())
    received_at: Mapped[datetime] = mapped_column(index=True)
    heard_at: Mapped[datetime | None] = mapped_column(default=None)
    #: When Twilio confirmed that it keeps it no more.
    deleted_at: Mapped[datetime | None] = mapped_column(default=None)
