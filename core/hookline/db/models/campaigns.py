"""Campaigns, who works in them, and each contact's standing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, desc, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hookline.db.base import Base, marks
from hookline.db.models.contacts import Contact

_WAITING = text("state IN ('new', 'due')")
_SLEEPING = text("state = 'retry'")
_PROMISED = text("state = 'callback'")
_RESERVED = text("state = 'reserved'")
_CAREFUL = text("agent_only_until IS NOT NULL")


class Campaign(Base):
    """The work of reaching a goal by telephone, for one client."""

    __tablename__ = "campaigns"
    impersonal = marks(
        name="the campaign's",
        caller_id="a number of the client's own",
        transfer_targets="offices of the client's own",
    )
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
    #: Among running campaigns; higher is served first.
    priority: Mapped[int] = mapped_column(default=0)
    #: When it starts and ends by itself.
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    #: Countries (ISO 3166) on whose public holidays nobody is called.
    holidays: Mapped[list[str]] = mapped_column(default=list)
    #: Further caps on attempts; 0 for none. `attempts_per_day` and `attempts_total` count contacts and numbers alike.
    attempts_per_week: Mapped[int] = mapped_column(default=0)
    number_attempts_per_day: Mapped[int] = mapped_column(default=0)
    number_attempts_per_week: Mapped[int] = mapped_column(default=0)
    number_attempts_total: Mapped[int] = mapped_column(default=0)
    #: To be reached; 0 for no target. Of what: "successes", or "contacts" that are done.
    target: Mapped[int] = mapped_column(default=0)
    target_kind: Mapped[str] = mapped_column(default="successes")
    #: How long an agent may look at a contact in preview mode before it is put aside; 0 for as long as he likes.
    preview_seconds: Mapped[int] = mapped_column(default=0)
    #: Calls for each ready agent in power mode.
    power_ratio: Mapped[float] = mapped_column(default=1.5)
    #: In predictive mode: a plugin's pacer by name; "" for Hookline's own.
    pacer: Mapped[str] = mapped_column(default="")
    #: The one knob: the share of calls answered by a person that may find no agent. 0.03 is 3 %.
    abandon_limit: Mapped[float] = mapped_column(default=0.03)
    abandon_rule: Mapped[str] = mapped_column(default="thirty_days")
    #: How long an abandoned contact is called only with an agent reserved for the call.
    abandon_care_hours: Mapped[int] = mapped_column(default=72)
    machine_action: Mapped[str] = mapped_column(default="ignore")
    required_policies: Mapped[list[str]]
    #: ISO 3166 codes that may be dialled; empty: the countries of its lists.
    allowed_countries: Mapped[list[str]] = mapped_column(default=list)
    #: Of an inbound campaign: the backend's line whose calls it takes; "" for any that no other campaign takes.
    line: Mapped[str] = mapped_column(default="")
    #: Where agents may send a customer by one key: [{"label": …, "number": E.164}].
    transfer_targets: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
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
    #: His share of contacts among campaigns of equal priority.
    weight: Mapped[int] = mapped_column(default=1)


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
    personal = marks(contact_id="call_record", last_note="call_record", note_parts="call_record")
    held = True
    __table_args__ = (
        UniqueConstraint("campaign_id", "contact_id"),
        # One for each thing that `hookline.services.claims` asks, in its order.
        Index(
            "ix_campaign_contacts_waiting",
            "campaign_id",
            "time_zone",
            desc("priority"),
            "state",
            "id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
        Index(
            "ix_campaign_contacts_sleeping",
            "campaign_id",
            "next_due_at",
            sqlite_where=_SLEEPING,
            postgresql_where=_SLEEPING,
        ),
        Index(
            "ix_campaign_contacts_promised",
            "campaign_id",
            "next_due_at",
            sqlite_where=_PROMISED,
            postgresql_where=_PROMISED,
        ),
        Index("ix_campaign_contacts_state", "campaign_id", "state"),
        Index("ix_campaign_contacts_reserved", "reserved_at", sqlite_where=_RESERVED, postgresql_where=_RESERVED),
        Index(
            "ix_campaign_contacts_careful",
            "campaign_id",
            "time_zone",
            sqlite_where=_CAREFUL,
            postgresql_where=_CAREFUL,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    #: The contact's, kept equal by triggers (see the migration): whom may be called now is asked for every claim.
    time_zone: Mapped[str] = mapped_column(default="")
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
    #: After an abandoned call: until then only with an agent reserved.
    agent_only_until: Mapped[datetime | None]
    #: Why it was last skipped or not dialled, for the record's history.
    last_note: Mapped[str] = mapped_column(default="")
    #: The note as [[message id, params]], where it is Hookline's own; None where a person wrote it.
    note_parts: Mapped[list[Any] | None] = mapped_column(JSON)
    disposition_id: Mapped[int | None] = mapped_column(ForeignKey("dispositions.id"))
    updated_at: Mapped[datetime]

    contact: Mapped[Contact] = relationship()
    campaign: Mapped[Campaign] = relationship()


class PacingTick(Base):
    """One decision of a campaign's pacer: what it knew, what it reckoned, how many calls, and why."""

    __tablename__ = "pacing_ticks"
    __table_args__ = (Index("ix_pacing_ticks_campaign_at", "campaign_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id"))
    at: Mapped[datetime]
    pacer: Mapped[str]
    calls: Mapped[int]
    #: A stable word for why it was this number (see `hookline.pacing`).
    why: Mapped[str]
    #: Agents and calls by state, and the campaign's totals, as the pacer was told.
    inputs: Mapped[dict[str, Any]]
    estimates: Mapped[dict[str, Any]]
