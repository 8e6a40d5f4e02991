"""A campaign as its form sends it, turned into the draft that the service takes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

from hookline.domain.access import Grant
from hookline.domain.calls import CallResult
from hookline.domain.campaigns import CallingWindow, Category, DayWindow, DialMode, DispositionSpec, Purpose
from hookline.services import phones
from hookline.services.campaigns import CampaignDraft
from hookline.text import N_
from hookline.validation import line
from hookline_web.i18n import explain
from hookline_web.schemas.dialling import FIELDS, DiallingSchema, country_codes, loaded

_FILL_IN = N_("Fill this in.")
_CHOOSE = N_("Choose from the list.")
_CLIENT = N_("Choose a client.")
_WHOLE = N_("Write a whole number.")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,23}")
_LONGEST_TEXT = 2000
_MONTH_MINUTES = 31 * 24 * 60


@dataclass(frozen=True)
class Known:
    """What the installation has that a campaign can name. `country` is how numbers without a prefix are read."""

    backends: frozenset[str]
    scripts: frozenset[str]
    policies: frozenset[str]
    agents: frozenset[int]
    country: str = "PL"


def _whole(least: int, most: int, between: str) -> fields.Integer:
    return fields.Integer(
        required=True,
        validate=validate.Range(least, most, error=between),
        error_messages={"required": _FILL_IN, "null": _FILL_IN, "invalid": _WHOLE, "too_large": _WHOLE},
    )


def _choice(enum: Any) -> fields.Enum[Any]:
    return fields.Enum(
        enum, by_value=True, required=True, error_messages={"required": _CHOOSE, "unknown": _CHOOSE, "null": _CHOOSE}
    )


class DaySchema(Schema):
    """One weekday of the calling window, in the contact's local time."""

    day = fields.Integer(required=True, validate=validate.Range(0, 6))
    open = fields.Boolean(load_default=False)
    opens = fields.Time("%H:%M", required=True, error_messages={"required": _FILL_IN, "invalid": N_("Like 09:00.")})
    closes = fields.Time("%H:%M", required=True, error_messages={"required": _FILL_IN, "invalid": N_("Like 20:00.")})

    @pre_load
    def _closed_days_need_no_times(self, data: Mapping[str, Any], **_kw: Any) -> dict[str, Any]:
        return dict(data) if data.get("open") else {**data, "opens": "00:00", "closes": "00:00"}

    @validates_schema(skip_on_field_errors=True)
    def _opens_before_it_closes(self, data: Mapping[str, Any], **_kw: Any) -> None:
        if data["open"] and data["opens"] >= data["closes"]:
            raise ValidationError(N_("It must close after it opens."), "closes")


class RetrySchema(Schema):
    """What is done after one call result."""

    result = _choice(CallResult)
    on = fields.Boolean(load_default=False)
    delay_minutes = _whole(1, _MONTH_MINUTES, N_("Between a minute and 31 days (44640 minutes)."))
    max_attempts = _whole(1, 50, N_("Between 1 and 50."))
    other_number = fields.Boolean(load_default=False)
    other_time = fields.Boolean(load_default=False)

    @pre_load
    def _no_rule_needs_no_numbers(self, data: Mapping[str, Any], **_kw: Any) -> dict[str, Any]:
        return dict(data) if data.get("on") else {**data, "delay_minutes": 1, "max_attempts": 1}


class DispositionSchema(Schema):
    """A disposition; without a code it gets one from its label."""

    code = fields.String(load_default="")
    label = line(required=True, most=60)
    category = _choice(Category)
    final = fields.Boolean(required=True)

    @pre_load
    def _code_in_capitals(self, data: Mapping[str, Any], **_kw: Any) -> dict[str, Any]:
        code = str(data.get("code") or "").strip().upper()
        return {**data, "code": code or code_from(str(data.get("label") or ""))}

    @validates_schema(skip_on_field_errors=True)
    def _code_is_plain(self, data: Mapping[str, Any], **_kw: Any) -> None:
        if not _CODE.fullmatch(data["code"]):
            raise ValidationError(N_("Letters A to Z, digits, - and _; at most 24."), "code")

    @post_load
    def _spec(self, data: dict[str, Any], **_kw: Any) -> DispositionSpec:
        return DispositionSpec(**data)


def code_from(label: str) -> str:
    """A code out of a label: "Zgłoszenie usługi" gives "ZGLOSZENIE_USLUGI"."""
    plain = unicodedata.normalize("NFKD", label.replace("ł", "l").replace("Ł", "L")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")[:24].strip("_")


class AgentSchema(Schema):
    """An assigned agent and what he is granted."""

    user_id = fields.Integer(required=True)
    dial_by_hand = fields.Boolean(load_default=False)
    edit_contacts = fields.Boolean(load_default=False)
    hear_own_recordings = fields.Boolean(load_default=False)
    see_numbers = fields.Boolean(load_default=False)
    weight = fields.Integer(
        load_default=1,
        validate=validate.Range(0, 100, error=N_("Between {min} and {max}.")),
        error_messages={"invalid": _WHOLE},
    )


class CampaignSchema(DiallingSchema):
    """The whole form. `known` says what may be named; `load` gives a CampaignDraft."""

    client_id = fields.Integer(required=True, error_messages=dict.fromkeys(("required", "null", "invalid"), _CLIENT))
    name = line(required=True, most=120)
    goal = fields.String(load_default="", validate=validate.Length(max=_LONGEST_TEXT, error=N_("This is too long.")))
    purpose = _choice(Purpose)
    dial_mode = _choice(DialMode)
    backend = fields.String(required=True, error_messages={"required": _CHOOSE})
    caller_id = fields.String(load_default="")
    script = fields.String(load_default="")
    list_ids = fields.List(fields.Integer(), load_default=list)
    agents = fields.List(fields.Nested(AgentSchema), load_default=list)
    window = fields.List(fields.Nested(DaySchema), required=True)
    attempts_per_day = _whole(1, 20, N_("Between 1 and 20."))
    attempts_total = _whole(1, 200, N_("Between 1 and 200."))
    ring_timeout_seconds = _whole(10, 120, N_("Between 10 and 120 seconds."))
    wrap_up_seconds = _whole(10, 3600, N_("Between 10 and 3600 seconds."))
    retry_rules = fields.List(fields.Nested(RetrySchema), required=True)
    dispositions = fields.List(fields.Nested(DispositionSchema), load_default=list)
    required_policies = fields.List(fields.String(), load_default=list)
    allowed_countries = fields.String(load_default="")
    record_calls = fields.Boolean(load_default=False)

    def __init__(self, known: Known) -> None:
        super().__init__()
        self._known = known

    @validates_schema(skip_on_field_errors=False)
    def _names_what_exists(self, data: Mapping[str, Any], **_kw: Any) -> None:
        wrong: dict[str, list[str]] = {}
        if "backend" in data and data["backend"] not in self._known.backends:
            wrong["backend"] = [_CHOOSE]
        if data.get("script") and data["script"] not in self._known.scripts:
            wrong["script"] = [_CHOOSE]
        if not self._known.policies.issuperset(data.get("required_policies", ())):
            wrong["required_policies"] = [_CHOOSE]
        if not self._known.agents.issuperset(agent["user_id"] for agent in data.get("agents", ())):
            wrong["agents"] = [_CHOOSE]
        if wrong:
            raise ValidationError(wrong)

    @validates_schema(skip_on_field_errors=False)
    def _limits_fit(self, data: Mapping[str, Any], **_kw: Any) -> None:
        a_day, in_all = data.get("attempts_per_day"), data.get("attempts_total")
        if a_day and in_all and in_all < a_day:
            raise ValidationError(N_("In all it cannot be fewer than on one day."), "attempts_total")

    @validates_schema(skip_on_field_errors=True)
    def _codes_differ(self, data: Mapping[str, Any], **_kw: Any) -> None:
        often = Counter(spec.code for spec in data["dispositions"])
        twice = {
            str(i): {"code": [N_("Two dispositions have this code.")]}
            for i, spec in enumerate(data["dispositions"])
            if often[spec.code] > 1
        }
        if twice:
            raise ValidationError({"dispositions": twice})

    @validates_schema(skip_on_field_errors=False)
    def _numbers_can_be_dialled(self, data: Mapping[str, Any], **_kw: Any) -> None:
        wrong: dict[str, list[str]] = {}
        if text := data.get("caller_id", "").strip():
            wrong |= _wrong_caller_id(text, self._known.country)
        codes = country_codes(data.get("allowed_countries", ""))
        if not set(codes) <= set(phones.countries()):
            wrong["allowed_countries"] = [N_("Write two-letter country codes with commas, like PL, DE.")]
        if wrong:
            raise ValidationError(wrong)

    @post_load
    def _draft(self, data: dict[str, Any], **_kw: Any) -> CampaignDraft:
        caller_id = data["caller_id"].strip()
        plain = {name: value for name, value in data.items() if name not in FIELDS}
        return CampaignDraft(
            **{
                **plain,
                **loaded(data),
                "goal": data["goal"].strip(),
                "dial_mode": data["dial_mode"].value,
                "caller_id": phones.normalise(caller_id, self._known.country).e164 if caller_id else "",
                "allowed_countries": country_codes(data["allowed_countries"]),
                "window": _window(data["window"]),
                "retry_rules": _rules(data["retry_rules"]),
                "agents": {agent.pop("user_id"): Grant(**agent) for agent in data["agents"]},
            }
        )


def _wrong_caller_id(text: str, country: str) -> dict[str, list[str]]:
    try:
        number = phones.normalise(text, country).e164
    except phones.InvalidPhone as error:
        return {"caller_id": [explain(error)[0]]}
    if phones.is_premium(number):
        return {"caller_id": [N_("A premium-rate number cannot be the caller ID.")]}
    return {}


def _window(days: list[dict[str, Any]]) -> CallingWindow:
    return CallingWindow({d["day"]: DayWindow(d["opens"], d["closes"]) for d in days if d["open"]})


def _rules(rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        rule["result"].value: {
            "delay_seconds": rule["delay_minutes"] * 60,
            "max_attempts": rule["max_attempts"],
            **{name: True for name in ("other_number", "other_time") if rule[name]},
        }
        for rule in rules
        if rule["on"]
    }
