"""Campaigns, who works in them, and each contact's standing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hookline.db.base import Base, marks
from hookline.db.models.contacts import Contact


class Campaign(Base):
    """The work of reaching a goal by telephone, for one client."""

    __tablename__ = "campaigns"
    impersonal = marks(name="the campaign's", caller_id="a number of the client's own")
    __table_args__ = (UniqueConstraint("client_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    name: Mapped[str]
    goal: Mapped[str] = mapped_column(default="")
    direction: Mapped[str] = mapped_column(default="outbound")
    purpose: Mapped[str]
    dial_mode: Mapped[str] = mapped_column(default="preview")
    state: Mapped[str] = mapped_column(default="draft")
    #: Name of the telephony backend.
    backend: Mapped[str]
    #: E.164; empty: the backend's own (hook hookline_select_caller_id).
    caller_id: Mapped[str] = mapped_column(default="")
    #: "<engine>:<script id>", empty for none.
    script: Mapped[str] = mapped_column(default="")
    window: Mapped[dict[str, Any]]
    #: result -> {"delay_seconds": …, "max_attempts": …}
    retry_rules: Mapped[dict[str, Any]]
    attempts_per_day: Mapped[int] = mapped_column(default=3)
    attempts_total: Mapped[int] = mapped_column(default=10)
    ring_timeout_seconds: Mapped[int] = mapped_column(default=30)
    wrap_up_seconds: Mapped[int] = mapped_column(default=60)
    required_policies: Mapped[list[str]]
    #: ISO 3166 codes that may be dialled; empty: the countries of its lists.
    allowed_countries: Mapped[list[str]] = mapped_column(default=list)
    record_calls: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    dispositions: Mapped[list[Disposition]] = relationship(order_by="Disposition.position")


class CampaignList(Base):
    """A contact list that feeds a campaign."""

    __tablename__ = "campaign_lists"

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("lists.id"), primary_key=True)


class CampaignAgent(Base):
    """An agent's assignment to a campaign, with what he is granted there."""

    __tablename__ = "campaign_agents"
    personal = marks(user_id="agents")

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    dial_by_hand: Mapped[bool] = mapped_column(default=False)
    edit_contacts: Mapped[bool] = mapped_column(default=False)
    hear_own_recordings: Mapped[bool] = mapped_column(default=False)
    see_numbers: Mapped[bool] = mapped_column(default=True)


class Disposition(Base):
    """What an agent may say came of a call, in one campaign."""

    __tablename__ = "dispositions"
    __table_args__ = (UniqueConstraint("campaign_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"), index=True)
    code: Mapped[str]
    label: Mapped[str]
    category: Mapped[str]
    final: Mapped[bool]
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)


class CampaignContact(Base):
    """One contact's standing in one campaign ("rekord")."""

    __tablename__ = "campaign_contacts"
    personal = marks(contact_id="call_record", last_note="call_record")
    held = True
    __table_args__ = (
        UniqueConstraint("campaign_id", "contact_id"),
        Index("ix_campaign_contacts_due", "campaign_id", "state", "priority", "next_due_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    state: Mapped[str] = mapped_column(default="new")
    #: Higher is served first.
    priority: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    next_due_at: Mapped[datetime | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reserved_at: Mapped[datetime | None]
    #: The open callback, and whose it is (None: anyone's); set while one is promised.
    callback_id: Mapped[int | None]
    callback_owner_id: Mapped[int | None]
    last_result: Mapped[str] = mapped_column(default="")
    #: Why it was last skipped or not dialled, for the record's history.
    last_note: Mapped[str] = mapped_column(default="")
    disposition_id: Mapped[int | None] = mapped_column(ForeignKey("dispositions.id"))
    updated_at: Mapped[datetime]

    contact: Mapped[Contact] = relationship()
    campaign: Mapped[Campaign] = relationship()
