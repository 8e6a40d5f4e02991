"""Stations and the agents' working sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from hookline.db.base import Base, marks


class Station(Base):
    """A telephone that agents work at: a SIP phone by its URI, or any phone by its number. Browsers need no row.

    Without a user anyone may pick it.
    """

    __tablename__ = "stations"
    personal = marks(name="agents", address="agents", user_id="agents")

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    #: "sip" or "number", as hookline.ports.telephony.StationKind.
    kind: Mapped[str] = mapped_column(default="sip")
    address: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    active: Mapped[bool] = mapped_column(default=True)


class AgentSession(Base):
    """An agent's present standing: one row per agent, made at his first shift and kept."""

    __tablename__ = "agent_sessions"
    personal = marks(user_id="agents", pause_reason="agents", station_note="agents", notice="agents")
    held = True

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="offline")
    pause_reason: Mapped[str] = mapped_column(default="")
    state_since_at: Mapped[datetime]
    #: Set while busy by a wish to pause or log out: carried out when the call is done. "", "pause", "log_out".
    wish: Mapped[str] = mapped_column(default="")
    #: "sip", "number" or "browser", as StationKind.
    station_kind: Mapped[str] = mapped_column(default="sip")
    #: None for the browser.
    station_id: Mapped[int | None] = mapped_column(ForeignKey("stations.id"))
    #: "gone", "connecting", "connected"; "lost": a browser from which no sound comes, for which its leg waits.
    station_state: Mapped[str] = mapped_column(default="gone")
    station_leg_id: Mapped[str | None]
    station_note: Mapped[str] = mapped_column(default="")
    #: The page that is the browser's phone now, by the name it gave itself: of two pages one speaks.
    phone_page: Mapped[str] = mapped_column(default="")
    #: The page that may act on the desk now: of two pages one acts, the other reads.
    desk_page: Mapped[str] = mapped_column(default="")
    #: The colleague's party as which he is asked; None where he is not.
    party_id: Mapped[int | None] = mapped_column(ForeignKey("call_parties.id"))
    backend: Mapped[str] = mapped_column(default="")
    conversation_id: Mapped[str | None] = mapped_column(index=True)
    #: The campaign he works on; None: all he is assigned to.
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id"))
    campaign_contact_id: Mapped[int | None] = mapped_column(ForeignKey("campaign_contacts.id"))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    #: A line for the agent about what just happened ("busy, will be tried again at 14:30").
    notice: Mapped[str] = mapped_column(default="")
    last_seen_at: Mapped[datetime]


class AgentStateChange(Base):
    """The history of states: what adherence and talk / wait / wrap shares are computed from."""

    __tablename__ = "agent_state_changes"
    personal = marks(user_id="agents", reason="agents")

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    campaign_id: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(index=True)
