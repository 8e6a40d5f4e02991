"""Revokes attempts that are open but not yet placed: a withdrawal between the gate's decision and the dial wins."""

from __future__ import annotations

from sqlalchemy import select

from hookline.db import locks
from hookline.db.database import UnitOfWork
from hookline.db.models import Attempt


def hold_dialling(unit: UnitOfWork) -> None:
    """From here to the end of the block no attempt is opened: whoever opens one next sees what the block withdrew.

    To be called before the withdrawal is written; `revoke_open_attempts` does it too.
    """
    locks.exclusive(unit.session, locks.WITHDRAWALS)


def await_withdrawals(unit: UnitOfWork) -> None:
    """Before an attempt is opened: let withdrawals that are being written be done first."""
    locks.shared(unit.session, locks.WITHDRAWALS)


def revoke_open_attempts(
    unit: UnitOfWork,
    *,
    because: str,
    number: str | None = None,
    contact_id: int | None = None,
    client_id: int | None = None,
    campaign_id: int | None = None,
) -> int:
    """Mark open, not yet placed attempts as revoked; returns how many.

    Name a `number` (E.164) or a `contact_id`, or both; `client_id` and `campaign_id` narrow it. `because` is written
    to the attempt for "why was this contact not dialled?". ValueError where neither number nor contact is given.
    """
    if number is None and contact_id is None:
        raise ValueError("name a number or a contact: revoking every open attempt is never meant")
    hold_dialling(unit)
    wanted = select(Attempt).where(
        Attempt.closed_at.is_(None), Attempt.placed_at.is_(None), Attempt.revoked_at.is_(None)
    )
    for column, value in (
        (Attempt.number, number),
        (Attempt.contact_id, contact_id),
        (Attempt.client_id, client_id),
        (Attempt.campaign_id, campaign_id),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    found = unit.session.scalars(wanted).all()
    for attempt in found:
        attempt.revoked_at, attempt.revoked_because = unit.clock.now(), because
    return len(found)
