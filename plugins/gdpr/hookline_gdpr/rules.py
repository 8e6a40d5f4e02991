"""When a consent counts. Plain rules, asked by the dial policy and by the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hookline.domain.dialling import Refusal
from hookline.text import N_
from hookline_gdpr.models import Consent

CHANNEL = "telephone"
LAW = "Prawo komunikacji elektronicznej art. 398"


class ConsentState(StrEnum):
    """How a consent stands at a moment."""

    VALID = "valid"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not_yet"


def state_of(consent: Consent, at: datetime) -> ConsentState:
    """The consent's standing at `at`. Withdrawn counts at once, whatever the moment that is asked about."""
    if consent.withdrawn_at is not None:
        return ConsentState.WITHDRAWN
    if consent.given_at > at:
        return ConsentState.NOT_YET
    if consent.valid_until is not None and consent.valid_until <= at:
        return ConsentState.EXPIRED
    return ConsentState.VALID


def refusal_for(consents: Sequence[Consent], at: datetime, zone: str) -> Refusal | None:
    """Why a contact with these consents (all of one client, purpose and channel) may not be called at `at`, or None.

    A consent that was given before a later withdrawal never counts, even if it was recorded after it.
    """
    withdrawals = [c.withdrawn_at for c in consents if c.withdrawn_at is not None]
    last_withdrawal = max(withdrawals, default=None)
    standing = [c for c in consents if last_withdrawal is None or c.given_at > last_withdrawal]
    states = {state_of(c, at): c for c in sorted(standing, key=lambda c: c.given_at)}
    if ConsentState.VALID in states:
        return None
    if (expired := states.get(ConsentState.EXPIRED)) is not None and expired.valid_until is not None:
        return Refusal(
            "gdpr.consent-expired",
            N_("The consent to marketing calls was valid through %(day)s. A new one is needed first."),
            LAW,
            {"day": last_day(expired.valid_until, zone)},
        )
    if last_withdrawal is not None:
        return Refusal(
            "gdpr.consent-withdrawn",
            N_("The contact withdrew the consent to marketing calls on %(day)s."),
            LAW,
            {"day": local_day(last_withdrawal, zone)},
        )
    return Refusal(
        "gdpr.no-consent",
        N_("The contact has given no consent to marketing calls; and no call may be made to ask for it."),
        LAW,
    )


def start_of_day(day: date, zone: str) -> datetime:
    """The day's first moment in the zone."""
    return datetime.combine(day, time.min, ZoneInfo(zone))


def end_of_day(day: date, zone: str) -> datetime:
    """The first moment after the day in the zone."""
    return start_of_day(day + timedelta(days=1), zone)


def local_day(at: datetime, zone: str) -> str:
    """The day, as YYYY-MM-DD, on which `at` falls in the zone."""
    return at.astimezone(ZoneInfo(zone)).date().isoformat()


def last_day(valid_until: datetime, zone: str) -> str:
    """The last day on which a consent that ends at `valid_until` counted."""
    return local_day(valid_until - timedelta(microseconds=1), zone)
