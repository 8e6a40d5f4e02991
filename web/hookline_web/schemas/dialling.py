"""The part of a campaign's form about dialling: modes, limits, schedule, holidays. What is left out is as usual."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from hookline.domain.campaigns import AbandonRule, MachineAction, TargetKind
from hookline.services.calling_windows import countries_with_holidays
from hookline.services.figures import DAY_ZONE
from hookline.text import N_

_ZONE = ZoneInfo(DAY_ZONE)
_WALL = "%Y-%m-%dT%H:%M"
_WHOLE = N_("Write a whole number.")
_NUMBER = N_("Write a number.")
_MOMENT = N_("Write a date and a time.")
#: Names of the fields that hold one value each, as the form sends them.
FIELDS = (
    "priority",
    "starts_at",
    "ends_at",
    "holidays",
    "attempts_per_week",
    "number_attempts_per_day",
    "number_attempts_per_week",
    "number_attempts_total",
    "target",
    "target_kind",
    "preview_seconds",
    "power_ratio",
    "pacer",
    "abandon_percent",
    "abandon_rule",
    "abandon_care_hours",
    "machine_action",
)


def _count(most: int, default: int = 0, least: int = 0) -> fields.Integer:
    return fields.Integer(
        load_default=default,
        validate=validate.Range(least, most, error=N_("Between {min} and {max}.")),
        error_messages={"invalid": _WHOLE, "too_large": _WHOLE},
    )


def _decimal(least: float, most: float, default: float) -> fields.Float:
    return fields.Float(
        load_default=default,
        validate=validate.Range(least, most, error=N_("Between {min} and {max}.")),
        error_messages={"invalid": _NUMBER, "special": _NUMBER},
    )


def _moment() -> fields.NaiveDateTime:
    return fields.NaiveDateTime(_WALL, load_default=None, allow_none=True, error_messages={"invalid": _MOMENT})


class DiallingSchema(Schema):
    """Times are of the installation's zone; `abandon_percent` is the knob in per cent, 3 for 3 %."""

    priority = _count(100, least=-100)
    starts_at = _moment()
    ends_at = _moment()
    holidays = fields.String(load_default="")
    attempts_per_week = _count(100)
    number_attempts_per_day = _count(20)
    number_attempts_per_week = _count(100)
    number_attempts_total = _count(200)
    target = _count(10_000_000)
    target_kind = fields.Enum(TargetKind, by_value=True, load_default=TargetKind.SUCCESSES)
    preview_seconds = _count(3600)
    power_ratio = _decimal(1, 10, 1.5)
    pacer = fields.String(load_default="", validate=validate.Length(max=80))
    abandon_percent = _decimal(0, 20, 3)
    abandon_rule = fields.Enum(AbandonRule, by_value=True, load_default=AbandonRule.THIRTY_DAYS)
    abandon_care_hours = _count(24 * 30, 72)
    machine_action = fields.Enum(MachineAction, by_value=True, load_default=MachineAction.IGNORE)

    @pre_load
    def _empty_is_usual(self, data: Mapping[str, Any], **_kw: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if name not in FIELDS or value not in ("", None)}

    @validates_schema(skip_on_field_errors=False)
    def _dialling_makes_sense(self, data: Mapping[str, Any], **_kw: Any) -> None:
        wrong: dict[str, list[str]] = {}
        if (starts := data.get("starts_at")) and (ends := data.get("ends_at")) and ends <= starts:
            wrong["ends_at"] = [N_("It must end after it starts.")]
        if not countries_with_holidays().issuperset(country_codes(data.get("holidays", ""))):
            wrong["holidays"] = [N_("Write two-letter country codes with commas, like PL, DE.")]
        if wrong:
            raise ValidationError(wrong)


def loaded(data: dict[str, Any]) -> dict[str, Any]:
    """The schema's values as a `CampaignDraft` takes them."""
    rest = {name: data[name] for name in FIELDS if name != "abandon_percent"}
    return {
        **rest,
        "abandon_limit": data["abandon_percent"] / 100,
        "abandon_rule": data["abandon_rule"].value,
        "machine_action": data["machine_action"].value,
        "target_kind": data["target_kind"].value,
        "holidays": country_codes(data["holidays"]),
        "starts_at": _aware(data["starts_at"]),
        "ends_at": _aware(data["ends_at"]),
    }


def shown(draft: Any) -> dict[str, Any]:
    """A draft's values as the form shows them."""
    rest = {name: getattr(draft, name) for name in FIELDS if name != "abandon_percent"}
    return {
        **rest,
        "abandon_percent": f"{draft.abandon_limit * 100:g}",
        "power_ratio": f"{draft.power_ratio:g}",
        "holidays": ", ".join(draft.holidays),
        "starts_at": _wall(draft.starts_at),
        "ends_at": _wall(draft.ends_at),
    }


def country_codes(text: str) -> list[str]:
    """The codes in "pl, DE fr", in capitals, each once."""
    return list(dict.fromkeys(code.upper() for code in re.split(r"[\s,;]+", text) if code))


def _aware(wall: datetime | None) -> datetime | None:
    return None if wall is None else wall.replace(tzinfo=_ZONE)


def _wall(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(_ZONE).strftime(_WALL)
