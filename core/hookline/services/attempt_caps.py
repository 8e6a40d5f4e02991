"""Further caps on attempts, where a campaign sets them: per contact and week, per number and day, week, in all."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from hookline.db.models import Attempt, Campaign
from hookline.domain.dialling import DialRequest, Refusal
from hookline.text import N_

_WEEK = timedelta(days=7)
_SOURCE = "campaign attempt limits"


def attempts_per_week(session: Session, request: DialRequest, campaign: Campaign) -> Refusal | None:
    """So many attempts at a contact in any seven days, for one client."""
    limit = campaign.attempts_per_week
    if not limit or _made(session, request, Attempt.contact_id == request.contact_id, request.at - _WEEK) < limit:
        return None
    return Refusal(
        "core.attempts-per-week",
        N_("Already called %(limit)s times within seven days."),
        _SOURCE,
        {"limit": str(limit)},
    )


def number_attempts(session: Session, request: DialRequest, campaign: Campaign) -> Refusal | None:
    """So many attempts at one number in 24 hours, in any seven days, and in the campaign altogether."""
    this = Attempt.number == request.number
    for limit, since in (
        (campaign.number_attempts_per_day, request.at - timedelta(days=1)),
        (campaign.number_attempts_per_week, request.at - _WEEK),
    ):
        if limit and _made(session, request, this, since) >= limit:
            return _refused("core.number-attempts", N_("This number was called %(limit)s times lately."), limit)
    total = campaign.number_attempts_total
    if total and _made(session, request, this & (Attempt.campaign_id == campaign.id), None) >= total:
        return _refused("core.number-attempts-total", N_("This number was called %(limit)s times in all."), total)
    return None


def _made(session: Session, request: DialRequest, whose: ColumnElement[bool], since: datetime | None) -> int:
    placed = Attempt.placed_at.is_not(None) if since is None else Attempt.placed_at > since
    counted = select(func.count()).select_from(Attempt).where(Attempt.client_id == request.client_id, whose, placed)
    return session.scalar(counted) or 0


def _refused(rule: str, text: str, limit: int) -> Refusal:
    return Refusal(rule, text, _SOURCE, {"limit": str(limit)})
