"""Why was this contact dialled, or not? Answered from the gate's stored decisions and the policies as they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import CampaignContact, ContactNumber, DialDecision
from hookline.domain.access import Scope
from hookline.domain.dialling import Refusal
from hookline.errors import NotFound
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.gate import DialGate
from hookline.text import N_


@dataclass(frozen=True)
class PastDecision:
    """A decision as it was stored."""

    at: datetime
    number: str
    allowed: bool
    placed: bool
    refusals: tuple[Refusal, ...]
    asked: tuple[str, ...]


@dataclass(frozen=True)
class NumberNow:
    """How the policies stand on a number at this moment."""

    number: str
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Explanation:
    """A record's standing, its past decisions (newest first) and what the gate would say now."""

    campaign: str
    state: str
    attempts: int
    next_due_at: datetime | None
    last_note: str
    note_parts: list[Any] | None
    past: tuple[PastDecision, ...]
    now: tuple[NumberNow, ...]


class ExplainService:
    """Reads the gate's record."""

    def __init__(self, db: Database, gate: DialGate) -> None:
        self._db = db
        self._gate = gate

    def explain(self, scope: Scope, campaign_id: int, contact_id: int) -> Explanation:
        """The whole answer for one contact in one campaign; NotFound outside the scope."""
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
            record = session.scalar(
                select(CampaignContact).where(
                    CampaignContact.campaign_id == campaign_id, CampaignContact.contact_id == contact_id
                )
            )
            if record is None:
                raise NotFound(N_("There is no such contact in this campaign."))
            decisions = session.scalars(
                select(DialDecision)
                .where(DialDecision.campaign_contact_id == record.id)
                .order_by(DialDecision.id.desc())
                .limit(50)
            ).all()
            numbers = session.scalars(
                select(ContactNumber.e164)
                .where(ContactNumber.contact_id == contact_id)
                .order_by(ContactNumber.position)
            ).all()
        return Explanation(
            campaign=campaign.name,
            state=record.state,
            attempts=record.attempts,
            next_due_at=record.next_due_at,
            last_note=record.last_note,
            note_parts=record.note_parts,
            past=tuple(past_decision(d) for d in decisions),
            now=tuple(NumberNow(n, tuple(self._gate.inspect(record.id, n, None))) for n in numbers),
        )


def past_decision(decision: DialDecision) -> PastDecision:
    """A stored decision in plain data."""
    refusals = tuple(Refusal(**r) for r in decision.refusals)
    return PastDecision(
        decision.decided_at,
        decision.number,
        decision.allowed,
        decision.used_at is not None,
        refusals,
        tuple(decision.asked),
    )
