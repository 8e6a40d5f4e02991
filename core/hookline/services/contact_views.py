"""Contacts as they are shown: what the viewer may not see is not in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hookline.db.models import Campaign, CampaignContact, Contact
from hookline.domain.access import Actor
from hookline.domain.dialling import Refusal
from hookline.services.custom_field_kinds import FieldType


@dataclass(frozen=True)
class ContactRow:
    """A contact in a list. `number` is masked where the viewer may not see it."""

    id: int
    name: str
    company: str
    city: str
    client_name: str
    external_id: str
    number: str
    more_numbers: int

    @property
    def title(self) -> str:
        """What to call the contact: its name, else its first number, else its identifier; a number alone is enough."""
        return self.name or self.number or self.external_id


@dataclass(frozen=True)
class ContactPage:
    """A page of contacts; `next_after` goes on with it, None at the end."""

    rows: tuple[ContactRow, ...]
    next_after: int | None


@dataclass(frozen=True)
class NumberView:
    """A number: `shown` is masked where the viewer may not see it; `suppressed` says why it must not be called."""

    id: int
    shown: str
    state: str
    last_result: str
    suppressed: str


@dataclass(frozen=True)
class Standing:
    """The contact's record in one campaign."""

    campaign_id: int
    campaign_name: str
    state: str
    priority: int
    attempts: int
    next_due_at: datetime | None
    last_result: str
    last_note: str
    note_parts: list[Any] | None


@dataclass(frozen=True)
class ContactView:
    """One contact's page. `contact.numbers` is for the service only: pages show `numbers`."""

    contact: Contact
    client_name: str
    numbers: tuple[NumberView, ...]
    lists: tuple[tuple[int, str], ...]
    standings: tuple[Standing, ...]
    sees_numbers: bool
    may_edit: bool
    local_time: datetime
    tags: tuple[str, ...] = ()
    field_types: Mapping[str, FieldType] = field(default_factory=dict)
    #: Labels of custom fields, by key.
    field_titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What to call the contact: its name, else its first number, else its identifier; a number alone is enough."""
        return self.contact.name or (self.numbers[0].shown if self.numbers else "") or self.contact.external_id or ""


@dataclass(frozen=True)
class HistoryItem:
    """An attempt and what came of it: refused, or a call with its result and disposition."""

    attempt_id: int
    at: datetime
    campaign_id: int
    campaign_name: str
    number: str
    agent_name: str
    mode: str
    allowed: bool | None
    refusals: tuple[Refusal, ...]
    result: str
    call_id: int | None
    talk_seconds: int
    disposition: str
    note: str


def standings_of(session: Session, actor: Actor, contact_id: int) -> list[Standing]:
    """The contact's records in the campaigns that the actor reaches, by the campaigns' names."""
    wanted = (
        select(CampaignContact, Campaign.name)
        .join(Campaign, Campaign.id == CampaignContact.campaign_id)
        .where(CampaignContact.contact_id == contact_id)
        .order_by(Campaign.name)
    )
    if actor.scope.campaigns is not None:
        wanted = wanted.where(Campaign.id.in_(actor.scope.campaigns))
    return [
        Standing(
            r.campaign_id,
            name,
            r.state,
            r.priority,
            r.attempts,
            r.next_due_at,
            r.last_result,
            r.last_note,
            r.note_parts,
        )
        for r, name in session.execute(wanted)
    ]
