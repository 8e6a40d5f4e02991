"""The field's words as pages show them: results, states, purposes, categories; and figures and times as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.units import format_unit
from flask import Blueprint, current_app, url_for
from flask_babel import format_datetime, format_decimal, format_percent, get_locale

from hookline.services.figures import DAY_ZONE
from hookline.text import N_
from hookline_web.i18n import translated

CAMPAIGN_STATES = {
    "draft": N_("Draft"),
    "running": N_("Running"),
    "paused": N_("Paused"),
    "ended": N_("Ended"),
    "archived": N_("Archived"),
}
CAMPAIGN_STATE_TONES = {"running": "ok", "paused": "warn", "draft": "info"}

RECORD_STATES = {
    "new": N_("Not called yet"),
    "reserved": N_("With an agent"),
    "in_call": N_("In a call"),
    "wrap_up": N_("Wrap-up"),
    "retry": N_("To be tried again"),
    "due": N_("Due again"),
    "callback": N_("Callback promised"),
    "done": N_("Done"),
}
RECORD_STATE_TONES = {
    "reserved": "info",
    "in_call": "info",
    "wrap_up": "info",
    "retry": "warn",
    "due": "warn",
    "callback": "info",
    "done": "ok",
}

PURPOSES = {
    "marketing": N_("Marketing"),
    "service": N_("Service"),
    "research": N_("Research"),
    "collection": N_("Debt collection"),
}

DIAL_MODES = {
    "manual": N_("Manual: the agent types or clicks a number"),
    "preview": N_("Preview: the agent dials or skips"),
    "progressive": N_("Progressive: the dialler dials for each ready agent"),
    "power": N_("Power: so many calls for each ready agent"),
    "predictive": N_("Predictive: the pacer decides how many calls"),
}

ABANDON_RULES = {
    "thirty_days": N_("thirty days (US safe harbour)"),
    "day": N_("each day"),
    "zero": N_("none may be abandoned"),
}
MACHINE_ACTIONS = {
    "ignore": N_("Not told from people"),
    "hang_up": N_("Hang up"),
    "leave_message": N_("Leave a message"),
    "connect": N_("To an agent, as any call"),
}

CATEGORIES = {
    "success": N_("Success"),
    "refusal": N_("Refusal"),
    "callback": N_("Callback"),
    "retry": N_("Try again"),
    "wrong_number": N_("Wrong number"),
    "do_not_call": N_("Do not call"),
}
CATEGORY_TONES = {"success": "ok", "refusal": "bad", "do_not_call": "bad", "wrong_number": "warn", "callback": "info"}

RESULTS = {
    "answered": N_("Answered"),
    "busy": N_("Busy"),
    "no_answer": N_("No answer"),
    "declined": N_("Declined"),
    "invalid_number": N_("Invalid number"),
    "unreachable": N_("Unreachable"),
    "failed": N_("Failed"),
    "abandoned": N_("Abandoned"),
    "cancelled": N_("Cancelled"),
}
RESULT_TONES = {
    "answered": "ok",
    "busy": "warn",
    "no_answer": "warn",
    "declined": "warn",
    "invalid_number": "bad",
    "unreachable": "bad",
    "failed": "bad",
    "abandoned": "bad",
}

CALL_STATES = {
    "queued": N_("Queued"),
    "dialling": N_("Being placed"),
    "ringing": N_("Ringing"),
    "answered": N_("Answered"),
    "connected": N_("Talking"),
    "ended": N_("Over"),
}

HANGUP_CAUSES = {
    "normal": N_("The customer hung up."),
    "local": N_("The agent hung up."),
    "cancelled": N_("The agent hung up before the answer."),
    "busy": N_("The line was busy."),
    "no_answer": N_("Nobody answered in time."),
    "declined": N_("The call was declined."),
    "invalid_number": N_("The network does not know the number."),
    "unreachable": N_("The phone or the network could not be reached."),
    "failed": N_("The call failed."),
    "lost": N_("The connection was lost."),
}

DELIVERY_STATES = {
    "waiting": N_("Waiting"),
    "delivered": N_("Delivered"),
    "dead": N_("Given up"),
}
DELIVERY_STATE_TONES = {"waiting": "warn", "delivered": "ok", "dead": "bad"}

MAIL_STATES = {
    "waiting": N_("Waiting"),
    "sent": N_("Sent"),
    "failed": N_("Given up"),
}
MAIL_STATE_TONES = {"waiting": "warn", "sent": "ok", "failed": "bad"}
MAIL_TEMPLATES = {
    "import_finished": N_("An import has ended"),
    "job_failed": N_("A background job fails"),
    "webhook_stopped": N_("A webhook endpoint was stopped"),
}

REHEARSAL_STATES = {
    "waiting": N_("Waiting"),
    "running": N_("Under way"),
    "done": N_("Done"),
    "failed": N_("Failed"),
    "cancelled": N_("Broken off"),
}

PUSH_STATES = {
    "running": N_("Under way"),
    "done": N_("Done"),
    "failed": N_("Given up"),
    "cancelled": N_("Cancelled"),
}
PUSH_STATE_TONES = {"running": "info", "done": "ok", "failed": "bad"}

TARGET_KINDS = {
    "successes": N_("successes"),
    "contacts": N_("contacts done"),
}

_WORDS = {
    "target_kind": TARGET_KINDS,
    "push_state": PUSH_STATES,
    "rehearsal_state": REHEARSAL_STATES,
    "campaign_state": CAMPAIGN_STATES,
    "record_state": RECORD_STATES,
    "purpose": PURPOSES,
    "dial_mode": DIAL_MODES,
    "category": CATEGORIES,
    "call_result": RESULTS,
    "call_state": CALL_STATES,
    "hangup_cause": HANGUP_CAUSES,
    "delivery_state": DELIVERY_STATES,
    "mail_state": MAIL_STATES,
    "mail_template": MAIL_TEMPLATES,
}
_TONES = {
    "push_state_tone": PUSH_STATE_TONES,
    "campaign_state_tone": CAMPAIGN_STATE_TONES,
    "record_state_tone": RECORD_STATE_TONES,
    "category_tone": CATEGORY_TONES,
    "call_result_tone": RESULT_TONES,
    "delivery_state_tone": DELIVERY_STATE_TONES,
    "mail_state_tone": MAIL_STATE_TONES,
}


def install(blueprint: Blueprint) -> None:
    """Give all templates a filter for each vocabulary (`campaign.state|campaign_state`), for figures and times."""
    filters: dict[str, Callable[..., str]] = {
        **{name: _speaker(words) for name, words in _WORDS.items()},
        **{name: _tone(tones) for name, tones in _TONES.items()},
        "percent": percent,
        "exact_percent": exact_percent,
        "decimal": decimal,
        "local_time": local_time,
        "record_note": record_note,
        "iso_local": iso_local,
        "time_span": time_span,
    }
    for name, function in filters.items():
        blueprint.add_app_template_filter(function, name)
    blueprint.add_app_template_global(address_of, "address_of")
    blueprint.record_once(lambda state: state.app.jinja_env.globals.update(day_zone=DAY_ZONE))


def choices(words: Mapping[str, str]) -> list[tuple[str, str]]:
    """A vocabulary as the options of a select, in this request's language."""
    return [(value, translated(text)) for value, text in words.items()]


def percent(share: float | None) -> str:
    """A share of 0 to 1 as whole per cent; a dash where there is none."""
    return "–" if share is None else str(format_percent(share))


def decimal(value: float) -> str:
    """A number with at most one digit after the point, as the language writes it."""
    return str(format_decimal(round(value, 1)))


def exact_percent(share: float | None) -> str:
    """A share of 0 to 1 as per cent with one digit after the point; a dash where there is none."""
    return "–" if share is None else str(format_percent(share, "#,##0.0%"))


def record_note(record: Any) -> str:
    """A campaign contact's note: Hookline's own in this request's language, a person's as he wrote it."""
    parts = record.note_parts
    if not parts:
        return str(record.last_note)
    return "; ".join(translated(message, params) for message, params in parts)


def local_time(at: datetime | None, zone: str) -> str:
    """A moment as the clock on the wall shows it in the zone; a dash for none."""
    if at is None:
        return "–"
    return str(format_datetime(at.astimezone(ZoneInfo(zone)), "EEE d MMM, HH:mm", rebase=False))


def iso_local(text: str, zone: str) -> str:
    """As `local_time`, of a moment that is kept as ISO 8601 text."""
    return local_time(datetime.fromisoformat(text), zone)


def time_span(seconds: float) -> str:
    """A length of time in the largest unit that says it exactly: "1 day", "2 hr", "90 min"."""
    for unit, length in (("day", 86_400), ("hour", 3600)):
        if seconds and seconds % length == 0:
            return str(format_unit(seconds // length, f"duration-{unit}", "short", locale=get_locale()))
    return str(format_unit(round(seconds / 60), "duration-minute", "short", locale=get_locale()))


def address_of(endpoint: str, **values: object) -> str | None:
    """The page's address, or None where the installation has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None  # type: ignore[arg-type]


def _speaker(words: Mapping[str, str]) -> Callable[[str], str]:
    return lambda value: translated(words.get(value, value))


def _tone(tones: Mapping[str, str]) -> Callable[[str], str]:
    return lambda value: tones.get(value, "calm")
