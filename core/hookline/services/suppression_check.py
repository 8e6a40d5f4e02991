"""Whether numbers may be called: one question to every suppression list that binds a client and a campaign."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from hookline.db.bulk import among
from hookline.db.models import Suppression


def binding(client_id: int | None, campaign_ids: Iterable[int], at: datetime) -> ColumnElement[bool]:
    """Entries in force at a moment for a client (None: any client) and one of its campaigns."""
    condition = or_(Suppression.expires_at.is_(None), Suppression.expires_at > at)
    if client_id is not None:
        condition &= or_(Suppression.client_id.is_(None), Suppression.client_id == client_id)
    return condition & or_(Suppression.campaign_id.is_(None), Suppression.campaign_id.in_(list(campaign_ids)))


def entry_of(session: Session, number: str, client_id: int, campaign_id: int, at: datetime) -> Suppression | None:
    """An entry that forbids the number (E.164) now, if there is one."""
    asked = select(Suppression).where(Suppression.e164 == number, binding(client_id, (campaign_id,), at))
    return session.scalar(asked.order_by(Suppression.id).limit(1))


def suppressed_numbers(session: Session, numbers: Iterable[str], client_id: int, at: datetime) -> set[str]:
    """Of these numbers, those that no campaign of the client may call."""
    asked = select(Suppression.e164).where(binding(client_id, (), at), among(session, Suppression.e164, numbers))
    return set(session.scalars(asked))
