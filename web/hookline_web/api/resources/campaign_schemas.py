"""Campaigns as programs send and get them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hookline.api import row_id, text
from hookline.domain.calls import CallResult
from hookline.domain.campaigns import (
    AbandonRule,
    CampaignState,
    Category,
    DialMode,
    MachineAction,
    Purpose,
    RecordState,
    TargetKind,
)
from hookline.text import N_

_MINUTE, _MONTH = 60, 31 * 24 * 3600


def _whole_minutes(seconds: int) -> None:
    if seconds % _MINUTE:
        raise ValidationError(N_("Whole minutes only."))


class CampaignDaySchema(Schema):
    """One weekday of the calling window, in the contact's local time."""

    day = fields.Integer(
        strict=True, required=True, validate=validate.Range(0, 6), metadata={"description": "0 is Monday."}
    )
    opens = fields.String(required=True, validate=validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$"))
    closes = fields.String(required=True, validate=validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$"))


class CampaignRetrySchema(Schema):
    """When a contact is tried again after a call result."""

    result = fields.String(required=True, validate=validate.OneOf([r.value for r in CallResult]))
    delay_seconds = fields.Integer(
        strict=True, required=True, validate=[validate.Range(_MINUTE, _MONTH), _whole_minutes]
    )
    max_attempts = fields.Integer(strict=True, required=True, validate=validate.Range(1, 50))
    other_number = fields.Boolean(load_default=False)
    other_time = fields.Boolean(load_default=False)


class CampaignAgentSchema(Schema):
    """An assigned agent and what he may do in this campaign."""

    user_id = row_id(required=True)
    dial_by_hand = fields.Boolean(load_default=False)
    edit_contacts = fields.Boolean(load_default=False)
    hear_own_recordings = fields.Boolean(load_default=False)
    see_numbers = fields.Boolean(load_default=True)
    weight = fields.Integer(
        strict=True,
        load_default=1,
        validate=validate.Range(0, 100),
        metadata={"description": "Share of contacts among campaigns of equal priority."},
    )


class CampaignDispositionSchema(Schema):
    """A disposition as the campaign offers it."""

    code = text(24, least=1, required=True)
    label = text(60, least=1, required=True)
    category = fields.String(required=True, validate=validate.OneOf([c.value for c in Category]))
    final = fields.Boolean(required=True)


class CampaignChangesSchema(Schema):
    """What to change; what is left out stays. A list that is given replaces the one there was."""

    name = text(120, least=1)
    goal = text(2000)
    purpose = fields.String(validate=validate.OneOf([p.value for p in Purpose]))
    dial_mode = fields.String(validate=validate.OneOf([m.value for m in DialMode]))
    backend = text(60, least=1, metadata={"description": "Name of the telephony backend."})
    caller_id = text(30, metadata={"description": "Empty: the backend's own."})
    script = text(200, metadata={"description": "<engine>:<script id>, empty for none."})
    window = fields.List(fields.Nested(CampaignDaySchema), validate=validate.Length(max=7))
    retry_rules = fields.List(fields.Nested(CampaignRetrySchema), validate=validate.Length(max=20))
    attempts_per_day = fields.Integer(strict=True, validate=validate.Range(1, 20))
    attempts_total = fields.Integer(strict=True, validate=validate.Range(1, 200))
    ring_timeout_seconds = fields.Integer(strict=True, validate=validate.Range(10, 120))
    wrap_up_seconds = fields.Integer(strict=True, validate=validate.Range(10, 3600))
    required_policies = fields.List(text(80, least=1), validate=validate.Length(max=50))
    allowed_countries = fields.List(text(2, least=2), validate=validate.Length(max=50))
    record_calls = fields.Boolean()
    priority = fields.Integer(strict=True, validate=validate.Range(-100, 100))
    starts_at = fields.AwareDateTime(allow_none=True)
    ends_at = fields.AwareDateTime(allow_none=True)
    holidays = fields.List(
        text(2, least=2),
        validate=validate.Length(max=20),
        metadata={"description": "Countries on whose public holidays nobody is called."},
    )
    attempts_per_week = fields.Integer(strict=True, validate=validate.Range(0, 100))
    number_attempts_per_day = fields.Integer(strict=True, validate=validate.Range(0, 20))
    number_attempts_per_week = fields.Integer(strict=True, validate=validate.Range(0, 100))
    number_attempts_total = fields.Integer(strict=True, validate=validate.Range(0, 200))
    target = fields.Integer(
        strict=True, validate=validate.Range(0, 10_000_000), metadata={"description": "0 for no target."}
    )
    preview_seconds = fields.Integer(strict=True, validate=validate.Range(0, 3600))
    power_ratio = fields.Float(validate=validate.Range(1, 10))
    pacer = text(80, metadata={"description": "Of a predictive campaign: a plugin's pacer; empty for Hookline's own."})
    abandon_limit = fields.Float(
        validate=validate.Range(0, 0.2),
        metadata={"description": "Share of calls answered by a person that may find no agent: 0.03 is 3 %."},
    )
    abandon_rule = fields.String(validate=validate.OneOf([r.value for r in AbandonRule]))
    target_kind = fields.String(validate=validate.OneOf([kind.value for kind in TargetKind]))
    abandon_care_hours = fields.Integer(strict=True, validate=validate.Range(0, 720))
    machine_action = fields.String(validate=validate.OneOf([a.value for a in MachineAction]))
    list_ids = fields.List(row_id(), validate=validate.Length(max=200))
    agents = fields.List(fields.Nested(CampaignAgentSchema), validate=validate.Length(max=1000))
    dispositions = fields.List(fields.Nested(CampaignDispositionSchema), validate=validate.Length(max=100))

    @validates_schema
    def _each_once(self, data: dict[str, Any], **_kwargs: Any) -> None:
        for name, key in (("window", "day"), ("retry_rules", "result"), ("agents", "user_id")):
            keys = [row[key] for row in data.get(name, ())]
            if len(set(keys)) != len(keys):
                raise ValidationError(N_("Each only once."), name)


class NewCampaignSchema(CampaignChangesSchema):
    """A campaign to be made. What is left out is as the page for new campaigns proposes it."""

    client_id = row_id(required=True)
    name = text(120, least=1, required=True)
    purpose = fields.String(required=True, validate=validate.OneOf([p.value for p in Purpose]))
    backend = text(60, least=1, required=True, metadata={"description": "Name of the telephony backend."})


class CampaignSchema(Schema):
    """A campaign."""

    id = fields.Integer(required=True)
    client_id = fields.Integer(required=True)
    name = fields.String(required=True)
    goal = fields.String(required=True)
    state = fields.String(required=True)
    direction = fields.String(required=True)
    purpose = fields.String(required=True)
    dial_mode = fields.String(required=True)
    backend = fields.String(required=True)
    caller_id = fields.String(required=True)
    script = fields.String(required=True)
    window = fields.List(fields.Nested(CampaignDaySchema), required=True)
    retry_rules = fields.List(fields.Nested(CampaignRetrySchema), required=True)
    attempts_per_day = fields.Integer(required=True)
    attempts_total = fields.Integer(required=True)
    ring_timeout_seconds = fields.Integer(required=True)
    wrap_up_seconds = fields.Integer(required=True)
    required_policies = fields.List(fields.String(), required=True)
    allowed_countries = fields.List(fields.String(), required=True)
    record_calls = fields.Boolean(required=True)
    priority = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True, allow_none=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    holidays = fields.List(fields.String(), required=True)
    attempts_per_week = fields.Integer(required=True)
    number_attempts_per_day = fields.Integer(required=True)
    number_attempts_per_week = fields.Integer(required=True)
    number_attempts_total = fields.Integer(required=True)
    target = fields.Integer(required=True)
    target_kind = fields.String(required=True)
    preview_seconds = fields.Integer(required=True)
    power_ratio = fields.Float(required=True)
    pacer = fields.String(required=True)
    abandon_limit = fields.Float(required=True)
    abandon_rule = fields.String(required=True)
    abandon_care_hours = fields.Integer(required=True)
    machine_action = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class CampaignDetailsSchema(CampaignSchema):
    """A campaign with its lists, agents and dispositions."""

    list_ids = fields.List(fields.Integer(), required=True)
    agents = fields.List(fields.Nested(CampaignAgentSchema), required=True)
    dispositions = fields.List(fields.Nested(CampaignDispositionSchema), required=True)


class CampaignQuerySchema(Schema):
    """Which campaigns."""

    client_id = row_id(sent_as_text=True)
    state = fields.String(validate=validate.OneOf([s.value for s in CampaignState]))


class MissingPartSchema(Schema):
    """Something the campaign lacks before it can dial."""

    id = fields.String(required=True)
    message = fields.String(required=True)
    advice = fields.String(required=True)


class CampaignCheckSchema(Schema):
    """Whether the campaign can start."""

    missing = fields.List(fields.Nested(MissingPartSchema), required=True)


class FigureSchema(Schema):
    """Figures of the calls that were placed in a period. A rate of nothing is null."""

    attempts = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    connected = fields.Integer(required=True)
    successes = fields.Integer(required=True)
    refusals = fields.Integer(required=True)
    answer_rate = fields.Float(required=True, allow_none=True)
    success_rate = fields.Float(required=True, allow_none=True)
    average_talk_seconds = fields.Float(required=True, allow_none=True)


class ForecastSchema(Schema):
    """The campaign's target, and when it will probably be reached."""

    kind = fields.Enum(TargetKind, by_value=True, required=True)
    target = fields.Integer(required=True)
    reached = fields.Integer(required=True)
    state = fields.String(
        required=True,
        metadata={
            "description": "reached; open: `likely` is known; too-early: too little was reached for a pace; "
            "far: in over two years."
        },
    )
    per_hour = fields.Float(required=True, allow_none=True, metadata={"description": "Of calling time, last week."})
    earliest = fields.AwareDateTime(required=True, allow_none=True)
    likely = fields.AwareDateTime(required=True, allow_none=True)
    latest = fields.AwareDateTime(required=True, allow_none=True)
    contacts_suffice = fields.Boolean(required=True)
    in_time = fields.Boolean(required=True, metadata={"description": "Likely before the campaign's end."})


class CampaignFiguresSchema(Schema):
    """A campaign's figures."""

    today = fields.Nested(FigureSchema, required=True)
    in_all = fields.Nested(FigureSchema, required=True)
    contacts_by_state = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    calls_by_result = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    calls_by_disposition = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    agents_working = fields.Integer(required=True)
    forecast = fields.Nested(
        ForecastSchema, required=True, allow_none=True, metadata={"description": "null without a target."}
    )


class PacingTickSchema(Schema):
    """One decision of the dialler: what it was told and reckoned, how many calls it placed, and why."""

    at = fields.AwareDateTime(required=True)
    pacer = fields.String(required=True)
    calls = fields.Integer(required=True)
    why = fields.String(required=True, metadata={"description": "A stable word."})
    inputs = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
    estimates = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


class CampaignDiallerSchema(Schema):
    """What the campaign's dialler does, or what holds it back."""

    why = fields.String(required=True, metadata={"description": "A stable word, like no-agents."})
    reason = fields.String(required=True)
    answered = fields.Integer(required=True, metadata={"description": "Calls a person answered."})
    abandoned = fields.Integer(required=True)
    abandon_rate = fields.Float(required=True, allow_none=True)
    abandon_limit = fields.Float(required=True)
    ticks = fields.List(fields.Nested(PacingTickSchema), required=True)


class RecycleSchema(Schema):
    """Which contacts that are done with are called once more."""

    results = fields.List(
        fields.String(validate=validate.OneOf([r.value for r in CallResult])),
        load_default=list,
        validate=validate.Length(max=20),
    )
    dispositions = fields.List(text(24, least=1), load_default=list, validate=validate.Length(max=100))


class RecycledSchema(Schema):
    """How many are due again."""

    contacts = fields.Integer(required=True)


class RecordQuerySchema(Schema):
    """Which of the campaign's contacts."""

    state = fields.Enum(RecordState, by_value=True)


class CampaignRecordSchema(Schema):
    """One contact's standing in the campaign."""

    id = fields.Integer(required=True)
    contact_id = fields.Integer(required=True)
    external_id = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    priority = fields.Integer(required=True)
    attempts = fields.Integer(required=True)
    next_due_at = fields.AwareDateTime(required=True, allow_none=True)
    last_result = fields.String(required=True)
    last_note = fields.String(required=True)
    disposition = fields.String(required=True, allow_none=True, metadata={"description": "Its code."})


class ResultsQuerySchema(Schema):
    """How the results are written out."""

    per = fields.String(
        load_default="call",
        validate=validate.OneOf(["call", "contact"]),
        metadata={"description": "What a row stands for."},
    )
