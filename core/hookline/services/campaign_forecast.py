"""When a campaign will probably have reached its target: from the pace of the last days and the calling window.

The pace is what was reached per hour in which the campaign might have called, over the last week (or since its first
call). The range is where four of five such paces lie if what is reached comes by chance, as calls do (Poisson).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.functions import count_where
from hookline.db.models import Call, Campaign, CampaignContact, Disposition
from hookline.domain.access import Scope
from hookline.domain.campaigns import CallingWindow, Category, RecordState, TargetKind
from hookline.services.calling_windows import window_of
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.figures import DAY_ZONE

_LOOKED_BACK = timedelta(days=7)
_LOOKED_AHEAD_DAYS = 730
#: Fewer than this say nothing about a pace.
_ENOUGH = 5
#: Standard deviations on either side that hold four of five.
_SPREAD = 1.2816
_ZONE = ZoneInfo(DAY_ZONE)


@dataclass(frozen=True)
class Forecast:
    """A target and when it is reached. `state`: reached, open (`likely` and its range are known), too-early (too little
    was reached yet for a pace), far (in over two years, or never).

    `per_hour` is of calling time. `contacts_suffice`: whether the contacts that are left are enough at the rate so far.
    `in_time`: whether it is likely before the campaign's end.
    """

    kind: TargetKind
    target: int
    reached: int
    state: str
    per_hour: float | None = None
    earliest: datetime | None = None
    likely: datetime | None = None
    latest: datetime | None = None
    contacts_suffice: bool = True
    in_time: bool = True


class ForecastService:
    """Reckons forecasts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of_campaign(self, scope: Scope, campaign_id: int) -> Forecast | None:
        """The campaign's target and its forecast; None where it has no target. Raises NotFound outside the scope."""
        now = self._db.clock.now()
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
            if not campaign.target:
                return None
            return _forecast(session, campaign, now)


def _forecast(session: Session, campaign: Campaign, now: datetime) -> Forecast:
    kind = TargetKind(campaign.target_kind)
    reached = _reached(session, campaign, kind, None)
    if reached >= campaign.target:
        return Forecast(kind, campaign.target, reached, "reached")
    missing = campaign.target - reached
    suffice = _contacts_suffice(session, campaign, kind, missing)
    first = session.scalar(select(func.min(Call.queued_at)).where(Call.campaign_id == campaign.id))
    since = max(first, now - _LOOKED_BACK) if first is not None else now
    recent = _reached(session, campaign, kind, since)
    window = window_of(campaign)
    hours = sum((to - at).total_seconds() for at, to in open_times(window, since, now)) / 3600
    if recent < _ENOUGH or hours <= 0:
        return Forecast(kind, campaign.target, reached, "too-early", contacts_suffice=suffice)

    def when(count: float) -> datetime | None:
        return after_open_hours(window, now, missing * hours / count) if count > 0 else None

    spread = _SPREAD * sqrt(recent)
    earliest, likely, latest = when(recent + spread), when(recent), when(recent - spread)
    return Forecast(
        kind,
        campaign.target,
        reached,
        "open" if likely is not None else "far",
        recent / hours,
        earliest,
        likely,
        latest,
        suffice,
        campaign.ends_at is None or likely is None or likely <= campaign.ends_at,
    )


def _reached(session: Session, campaign: Campaign, kind: TargetKind, since: datetime | None) -> int:
    if kind is TargetKind.CONTACTS:
        rows = select(func.count()).where(
            CampaignContact.campaign_id == campaign.id, CampaignContact.state == RecordState.DONE.value
        )
        return session.scalar(rows if since is None else rows.where(CampaignContact.updated_at >= since)) or 0
    # A success that two agents of one conversation write down is one contact's.
    rows = (
        select(func.count(func.distinct(Call.campaign_contact_id)))
        .join(Disposition, Disposition.id == Call.disposition_id)
        .where(Call.campaign_id == campaign.id, Disposition.category == Category.SUCCESS.value)
    )
    return session.scalar(rows if since is None else rows.where(Call.disposed_at >= since)) or 0


def _contacts_suffice(session: Session, campaign: Campaign, kind: TargetKind, missing: int) -> bool:
    row = session.execute(
        select(
            count_where(CampaignContact.state == RecordState.DONE.value),
            count_where(CampaignContact.state != RecordState.DONE.value),
        ).where(CampaignContact.campaign_id == campaign.id)
    ).one()
    done, left = (int(count or 0) for count in row)
    if kind is TargetKind.CONTACTS:
        return left >= missing
    if done < _ENOUGH:
        return left >= missing
    return left * _reached(session, campaign, kind, None) / done >= missing


def open_times(window: CallingWindow, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The times between two moments in which the window is open, as the installation's clocks have it."""
    day, last = begin.astimezone(_ZONE).date(), end.astimezone(_ZONE).date()
    while day <= last:
        opening = _opening(window, day)
        if opening is not None and max(opening[0], begin) < min(opening[1], end):
            yield max(opening[0], begin), min(opening[1], end)
        day += timedelta(days=1)


def after_open_hours(window: CallingWindow, begin: datetime, hours: float) -> datetime | None:
    """The moment at which the window has been open for so many hours since; None within two years."""
    left = timedelta(hours=min(hours, 24.0 * _LOOKED_AHEAD_DAYS))
    for at, to in open_times(window, begin, begin + timedelta(days=_LOOKED_AHEAD_DAYS)):
        if to - at >= left:
            return at + left
        left -= to - at
    return None


def _opening(window: CallingWindow, day: date) -> tuple[datetime, datetime] | None:
    hours = window.days.get(day.weekday())
    if hours is None or day in window.closed_on:
        return None
    opens, closes = (datetime.combine(day, at, _ZONE).astimezone(UTC) for at in (hours.opens, hours.closes))
    return opens, closes
