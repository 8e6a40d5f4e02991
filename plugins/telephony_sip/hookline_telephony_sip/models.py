"""The plugin's tables: trunks, and what they said last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hookline.db.base import Base, marks
from hookline.db.models import Client


class TrunkRecord(Base):
    """A SIP trunk as it is set up. The password is not here: `password_variable` names what carries it."""

    __tablename__ = "telephony_sip_trunks"
    impersonal = marks(
        name="the trunk's",
        username="the log-in at the provider",
        caller_id="a number of one's own",
        dtmf="how digits travel",
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    host: Mapped[str]
    port: Mapped[int]
    transport: Mapped[str] = mapped_column(default="udp")
    #: The client whose calls alone may use it; None: every client's.
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    username: Mapped[str] = mapped_column(default="")
    password_variable: Mapped[str] = mapped_column(default="")
    #: E.164, shown where a campaign names no caller ID of its own.
    caller_id: Mapped[str] = mapped_column(default="")
    number_format: Mapped[str] = mapped_column(default="e164")
    #: Dialled before each number, like 9 for an outside line.
    dial_prefix: Mapped[str] = mapped_column(default="", server_default="")
    #: In the order of preference, like PCMA,PCMU.
    codecs: Mapped[str] = mapped_column(default="PCMA,PCMU", server_default="PCMA,PCMU")
    dtmf: Mapped[str] = mapped_column(default="rfc4733", server_default="rfc4733")
    #: Calls at once; 0: as many as one likes.
    max_channels: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Whether calls may come in by it, from its host's addresses.
    inbound: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: Whether the provider must be told by REGISTER where we are.
    registers: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: Higher is used first.
    priority: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    client: Mapped[Client | None] = relationship()


class TrunkCheck(Base):
    """What a trunk said when it was asked last. `since_at`: since when it answers, or does not."""

    __tablename__ = "telephony_sip_trunk_checks"

    trunk_id: Mapped[int] = mapped_column(ForeignKey("telephony_sip_trunks.id"), primary_key=True, autoincrement=False)
    answers: Mapped[bool]
    code: Mapped[int] = mapped_column(default=0)
    milliseconds: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")
    since_at: Mapped[datetime]
    checked_at: Mapped[datetime]


class PhoneRecord(Base):
    """An agent's SIP phone that registers with the proxy in front. The secret is not here, only what proves it."""

    __tablename__ = "telephony_sip_phones"
    impersonal = marks(name="the device's", ha1="a digest of the device's own secret")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    realm: Mapped[str]
    ha1: Mapped[str]
    created_at: Mapped[datetime]
