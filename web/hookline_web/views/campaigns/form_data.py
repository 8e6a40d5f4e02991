"""Between the flat form that browsers send and the rows that the schema takes: nothing typed is lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from hookline.domain.access import Grant
from hookline.domain.campaigns import DEFAULT_RETRY_RULES, DEFAULT_WINDOW, Category, Purpose
from hookline.services.campaigns import CampaignDraft
from hookline_web.schemas import dialling

GRANTS = ("dial_by_hand", "edit_contacts", "hear_own_recordings", "see_numbers")
DAYS = range(7)
RETRY_RESULTS = tuple(result.value for result in DEFAULT_RETRY_RULES)
_PLAIN = (
    "client_id",
    "name",
    "goal",
    "purpose",
    "dial_mode",
    "backend",
    "caller_id",
    "script",
    "attempts_per_day",
    "attempts_total",
    "ring_timeout_seconds",
    "wrap_up_seconds",
    "allowed_countries",
)
_NUMBERS = ("client_id", "attempts_per_day", "attempts_total", "ring_timeout_seconds", "wrap_up_seconds")
_NEW_AGENT = Grant()


def sent_values(form: MultiDict[str, str]) -> dict[str, Any]:
    """The sent form with its rows gathered."""
    return {
        **{name: form.get(name, "") for name in _PLAIN},
        **{name: form.get(name, "") for name in dialling.FIELDS},
        "record_calls": form.get("record_calls") == "true",
        "list_ids": form.getlist("list_ids"),
        "required_policies": form.getlist("required_policies"),
        "agents": _sent_agents(form),
        "window": _sent_days(form),
        "retry_rules": _sent_rules(form),
        "dispositions": sent_dispositions(form),
    }


def for_schema(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without what only the form needs: agents who are not assigned, empty numbers as missing ones."""
    return {
        **values,
        **{name: values[name] or None for name in _NUMBERS},
        "agents": [{k: v for k, v in row.items() if k != "assigned"} for row in values["agents"] if row["assigned"]],
        "list_ids": [text for text in values["list_ids"] if row_id(text) is not None],
    }


def stored_values(draft: CampaignDraft) -> dict[str, Any]:
    """A draft as the form shows it."""
    return {
        **{name: getattr(draft, name) for name in _PLAIN},
        **dialling.shown(draft),
        "purpose": draft.purpose.value,
        "allowed_countries": ", ".join(draft.allowed_countries),
        "record_calls": draft.record_calls,
        "list_ids": [str(i) for i in draft.list_ids],
        "required_policies": draft.required_policies or [],
        "agents": [_agent_row(user_id, grant, True) for user_id, grant in draft.agents.items()],
        "window": [_day_row(draft, day) for day in DAYS],
        "retry_rules": [_rule_row(draft, result) for result in RETRY_RESULTS],
        "dispositions": [{**vars(spec), "category": spec.category.value} for spec in draft.dispositions],
    }


def agent_rows(values: Mapping[str, Any], user_ids: list[int]) -> dict[int, dict[str, Any]]:
    """The matrix's rows by user; one who was not sent along stands as not assigned, with the usual grants."""
    given = {int(row["user_id"]): row for row in values["agents"]}
    return {user_id: given.get(user_id) or _agent_row(user_id, _NEW_AGENT, False) for user_id in user_ids}


def sent_dispositions(form: MultiDict[str, str], *, keep_empty: bool = False) -> list[dict[str, Any]]:
    """The rows of the dispositions' table; rows with nothing typed in are left out unless they are to be kept."""
    columns = [form.getlist(f"disposition_{part}") for part in ("code", "label", "category", "final")]
    rows = zip(*columns, strict=False)
    return [
        {"code": code, "label": label, "category": category, "final": final == "true"}
        for code, label, category, final in rows
        if keep_empty or code.strip() or label.strip()
    ]


def empty_disposition() -> dict[str, Any]:
    """A new row."""
    return {"code": "", "label": "", "category": Category.SUCCESS.value, "final": True}


def moved(rows: list[dict[str, Any]], act: str, index: int) -> list[dict[str, Any]]:
    """The rows after "add", or "remove", "up" or "down" at `index`; an index that is not there changes nothing."""
    rows = list(rows)
    if act == "add":
        return [*rows, empty_disposition()]
    if not 0 <= index < len(rows):
        return rows
    row = rows.pop(index)
    if act in ("up", "down"):
        rows.insert(max(index + (1 if act == "down" else -1), 0), row)
    return rows


def purpose_of(text: str) -> Purpose | None:
    """The purpose of that name; None where it is none."""
    return Purpose(text) if text in {p.value for p in Purpose} else None


def row_id(text: str | None) -> int | None:
    """An id out of a form's field; None where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


def _sent_agents(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    assigned = set(form.getlist("agent_ids"))
    granted = {name: set(form.getlist(name)) for name in GRANTS}
    everybody = {*form.getlist("agent_rows"), *assigned}
    return [
        {
            "user_id": user_id,
            "assigned": user_id in assigned,
            **{name: user_id in holders for name, holders in granted.items()},
            "weight": form.get(f"weight_{user_id}") or 1,
        }
        for user_id in sorted(everybody)
        if row_id(user_id) is not None
    ]


def _sent_days(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    open_days = set(form.getlist("open_days"))
    return [
        {
            "day": day,
            "open": str(day) in open_days,
            "opens": form.get(f"opens_{day}", ""),
            "closes": form.get(f"closes_{day}", ""),
        }
        for day in DAYS
    ]


def _sent_rules(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    tried_again = set(form.getlist("retry_on"))
    other_number, other_time = set(form.getlist("retry_other_number")), set(form.getlist("retry_other_time"))
    return [
        {
            "result": result,
            "on": result in tried_again,
            "delay_minutes": form.get(f"delay_{result}") or None,
            "max_attempts": form.get(f"most_{result}") or None,
            "other_number": result in other_number,
            "other_time": result in other_time,
        }
        for result in RETRY_RESULTS
    ]


def _agent_row(user_id: int, grant: Grant, assigned: bool) -> dict[str, Any]:
    return {"user_id": user_id, "assigned": assigned, **{name: getattr(grant, name) for name in (*GRANTS, "weight")}}


def _day_row(draft: CampaignDraft, day: int) -> dict[str, Any]:
    present = draft.window.days.get(day)
    usual = present or DEFAULT_WINDOW.days.get(day) or DEFAULT_WINDOW.days[0]
    return {
        "day": day,
        "open": present is not None,
        "opens": usual.opens.isoformat("minutes"),
        "closes": usual.closes.isoformat("minutes"),
    }


def _rule_row(draft: CampaignDraft, result: str) -> dict[str, Any]:
    present = draft.retry_rules.get(result)
    usual = next(rule for known, rule in DEFAULT_RETRY_RULES.items() if known.value == result)
    delay = int(present["delay_seconds"]) if present else usual.delay_seconds
    most = int(present["max_attempts"]) if present else usual.max_attempts
    return {
        "result": result,
        "on": present is not None,
        "delay_minutes": -(-delay // 60),
        "max_attempts": most,
        "other_number": bool(present and present.get("other_number")),
        "other_time": bool(present and present.get("other_time")),
    }
