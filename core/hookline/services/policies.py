"""Core's own dial policies: each one function that names a reason or finds none. Always in force, for every attempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from hookline.db.models import Attempt, Campaign, CampaignList, ContactList, ContactNumber
from hookline.domain.campaigns import CampaignState
from hookline.domain.dialling import DialRequest, Refusal
from hookline.services.attempt_caps import attempts_per_week, number_attempts
from hookline.services.calling_windows import window_of
from hookline.services.phones import country_of, is_emergency, is_premium, possible_zones
from hookline.services.suppression_check import entry_of
from hookline.text import N_

log = structlog.get_logger(__name__)
CorePolicy = Callable[[Session, DialRequest, Campaign], Refusal | None]


def campaign_running(_session: Session, _request: DialRequest, campaign: Campaign) -> Refusal | None:
    """Only a running campaign dials."""
    if campaign.state == CampaignState.RUNNING:
        return None
    return Refusal("core.campaign-not-running", N_("The campaign is not running."), "campaign state")


def calling_window(_session: Session, request: DialRequest, campaign: Campaign) -> Refusal | None:
    """Calls only within the campaign's window, in the contact's zone, or in every possible one where it is a guess."""
    window = window_of(campaign)
    zones = possible_zones(request.number, request.time_zone)
    if window.is_open(request.at, *zones):
        return None
    local = request.at.astimezone(ZoneInfo(request.time_zone)).strftime("%H:%M")
    opens = window.next_opening(request.at, *zones)
    when = opens.astimezone(ZoneInfo(request.time_zone)).strftime("%Y-%m-%d %H:%M") if opens else "—"
    return Refusal(
        "core.calling-window",
        N_("It is %(local)s where the contact is, outside the calling window; it opens %(when)s."),
        "campaign calling window",
        {"local": local, "when": when},
    )


def suppressed(session: Session, request: DialRequest, _campaign: Campaign) -> Refusal | None:
    """No number that is on a suppression list of the installation, the client or the campaign."""
    entry = entry_of(session, request.number, request.client_id, request.campaign_id, request.at)
    if entry is None:
        return None
    day = entry.created_at.date().isoformat()
    return Refusal(
        "core.suppressed",
        N_("The number is on the suppression list since %(day)s (%(reason)s)."),
        "suppression list",
        {"day": day, "reason": entry.reason},
    )


def emergency(session: Session, request: DialRequest, campaign: Campaign) -> Refusal | None:
    """Emergency numbers are always refused, in the notation of any country the campaign calls."""
    regions = {*_countries(session, campaign), country_of(request.number) or ""} - {""}
    if any(is_emergency(request.number, region) for region in regions or {"PL"}):
        return Refusal("core.emergency", N_("This is an emergency number. It is never dialled."), "always")
    return None


def premium(_session: Session, request: DialRequest, _campaign: Campaign) -> Refusal | None:
    """Premium-rate numbers are refused."""
    if is_premium(request.number):
        return Refusal("core.premium", N_("This is a premium-rate number."), "default rule")
    return None


def foreign(session: Session, request: DialRequest, campaign: Campaign) -> Refusal | None:
    """Only countries that the campaign allows; by default those of its lists."""
    allowed = _countries(session, campaign)
    country = country_of(request.number)
    if country in allowed:
        return None
    return Refusal(
        "core.foreign",
        N_("The number is in %(country)s; this campaign calls %(allowed)s."),
        "campaign countries",
        {"country": country or "—", "allowed": ", ".join(sorted(allowed)) or "—"},
    )


def wrong_number(session: Session, request: DialRequest, _campaign: Campaign) -> Refusal | None:
    """A number that proved wrong is not dialled again."""
    state = session.scalar(
        select(ContactNumber.state).where(
            ContactNumber.client_id == request.client_id, ContactNumber.e164 == request.number
        )
    )
    if state == "wrong":
        return Refusal("core.wrong-number", N_("The number was marked as wrong."), "number state")
    return None


def attempts_per_day(session: Session, request: DialRequest, campaign: Campaign) -> Refusal | None:
    """So many attempts per contact and per number on the contact's local day, for one client."""
    since = local_midnight(request.at, request.time_zone)
    made = session.scalar(
        select(func.count())
        .select_from(Attempt)
        .where(
            Attempt.client_id == request.client_id,
            or_(Attempt.contact_id == request.contact_id, Attempt.number == request.number),
            Attempt.placed_at >= since,
        )
    )
    if (made or 0) < campaign.attempts_per_day:
        return None
    return Refusal(
        "core.attempts-per-day",
        N_("Already called %(made)s times today; the limit is %(limit)s."),
        "campaign attempt limits",
        {"made": str(made), "limit": str(campaign.attempts_per_day)},
    )


def attempts_total(session: Session, request: DialRequest, campaign: Campaign) -> Refusal | None:
    """So many attempts per contact, and per number, in the campaign altogether."""
    made = session.scalar(
        select(func.count())
        .select_from(Attempt)
        .where(
            Attempt.campaign_id == request.campaign_id,
            or_(Attempt.contact_id == request.contact_id, Attempt.number == request.number),
            Attempt.placed_at.is_not(None),
        )
    )
    if (made or 0) < campaign.attempts_total:
        return None
    return Refusal(
        "core.attempts-total",
        N_("Called %(made)s times in this campaign; the limit is %(limit)s."),
        "campaign attempt limits",
        {"made": str(made), "limit": str(campaign.attempts_total)},
    )


#: In the order in which their reasons are shown.
CORE_POLICIES: dict[str, CorePolicy] = {
    "core.campaign-running": campaign_running,
    "core.emergency": emergency,
    "core.premium": premium,
    "core.foreign": foreign,
    "core.suppressed": suppressed,
    "core.wrong-number": wrong_number,
    "core.calling-window": calling_window,
    "core.attempts-per-day": attempts_per_day,
    "core.attempts-per-week": attempts_per_week,
    "core.attempts-total": attempts_total,
    "core.number-attempts": number_attempts,
}

#: Rules whose refusal passes by itself: the record is tried again, others wait for a person.
PASSING_RULES = frozenset(
    {
        "core.calling-window",
        "core.attempts-per-day",
        "core.attempts-per-week",
        "core.number-attempts",
        "core.campaign-not-running",
        "core.backend-closing",
        "core.stopping",
    }
)


def core_refusals(session: Session, request: DialRequest, campaign: Campaign) -> list[Refusal]:
    """Every core policy's reason; one that fails refuses."""
    found: list[Refusal] = []
    for name, policy in CORE_POLICIES.items():
        try:
            refusal = policy(session, request, campaign)
        except Exception as error:
            log.error("core policy failed", policy=name, error_type=type(error).__name__, exc_info=error)
            refusal = Refusal(f"{name}.unanswered", N_("A rule could not be checked, so the call is not made."))
        if refusal is not None:
            found.append(refusal)
    return found


def local_midnight(at: datetime, zone: str) -> datetime:
    """The beginning of the local day that `at` falls into, as an aware time."""
    local = at.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def next_local_day(at: datetime, zone: str) -> datetime:
    """The beginning of the next local day."""
    tomorrow = local_midnight(at, zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(zone))


def _countries(session: Session, campaign: Campaign) -> set[str]:
    if campaign.allowed_countries:
        return set(campaign.allowed_countries)
    return set(
        session.scalars(
            select(ContactList.country)
            .join(CampaignList, CampaignList.list_id == ContactList.id)
            .where(CampaignList.campaign_id == campaign.id)
        )
    )
