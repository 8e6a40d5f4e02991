"""Rehearsals of campaigns: asked for, followed, read."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from hookline.api import ApiCreated, ApiOperation, ApiPage, ApiRequest, ApiResource, row_id
from hookline.db.models import Rehearsal
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.schemas.rehearsals import PlanSchema

_VIEW = "campaigns.view"


class NewRehearsalSchema(PlanSchema):
    """A rehearsal to be made."""

    campaign_id = row_id(required=True)


class RehearsalQuerySchema(Schema):
    """Whose rehearsals."""

    campaign_id = row_id(sent_as_text=True, load_default=None)


class OutcomeSchema(Schema):
    """What came of a day."""

    calls = fields.Integer(required=True)
    answered = fields.Integer(required=True, metadata={"description": "By people."})
    connected = fields.Integer(required=True)
    abandoned = fields.Integer(required=True)
    abandon_rate = fields.Float(required=True, allow_none=True)
    utilisation = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "The share of the time at work that agents talked or wrapped up."},
    )
    contacts = fields.Integer(required=True, metadata={"description": "That needed no further call that day."})
    successes = fields.Float(required=True)
    busy_seconds = fields.Float(required=True)
    work_seconds = fields.Float(required=True)
    left = fields.Integer(required=True, metadata={"description": "Calls that were not made."})
    finished_at = fields.String(required=True, allow_none=True, metadata={"description": "ISO 8601."})
    course = fields.List(
        fields.List(fields.Float()),
        required=True,
        metadata={
            "description": "From time to time: seconds since `begin`, contacts done, agents busy, agents at work, "
            "answered, abandoned."
        },
    )


class RehearsalResultSchema(Schema):
    """A day as it was (null where nobody was called) and as it was rehearsed."""

    days = fields.List(fields.String(), required=True, metadata={"description": "The first and the last."})
    begin = fields.String(required=True)
    zone = fields.String(required=True)
    source = fields.String(required=True)
    mode = fields.String(required=True)
    ratio = fields.Float(required=True)
    ceiling = fields.Float(required=True)
    agents = fields.Integer(required=True)
    seed = fields.Integer(required=True)
    real = fields.Nested(OutcomeSchema, required=True, allow_none=True)
    rehearsed = fields.Nested(OutcomeSchema, required=True)
    notes = fields.List(fields.String(), required=True, metadata={"description": "What is assumed or missing."})


class RehearsalSchema(Schema):
    """A rehearsal."""

    id = fields.Integer(required=True)
    campaign_id = fields.Integer(required=True)
    state = fields.String(required=True, metadata={"description": "waiting, running, done, failed or cancelled."})
    done = fields.Integer(required=True, metadata={"description": "Seconds lived through."})
    total = fields.Integer(required=True)
    error = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    result = fields.Nested(RehearsalResultSchema, required=True, allow_none=True)


def list_rehearsals(request: ApiRequest) -> ApiPage:
    """Rehearsals, newest first."""
    scope, limit = request.actor.scope, request.limit
    found = runtime().rehearsals.list_of(scope, request.query["campaign_id"], request.after, limit + 1)
    return ApiPage([_plain(one) for one in found[:limit]], found[limit - 1].id if len(found) > limit else None)


def get_rehearsal(request: ApiRequest) -> dict[str, Any]:
    """One."""
    return _plain(runtime().rehearsals.get(request.actor.scope, request.path["rehearsal_id"]))


def add_rehearsal(request: ApiRequest) -> ApiCreated:
    """Have a campaign rehearsed."""
    made = runtime().rehearsals.ask(request.actor, request.body["campaign_id"], request.body["plan"])
    return ApiCreated(made, f"/{made}")


def cancel_rehearsal(request: ApiRequest) -> None:
    """Break it off."""
    runtime().rehearsals.cancel(request.actor, request.path["rehearsal_id"])


def _plain(found: Rehearsal) -> dict[str, Any]:
    result = dict(found.result) or None
    if result is not None:
        result["notes"] = [translated(message, params) for message, params in result["notes"]]
    names = ("id", "campaign_id", "state", "done", "total", "created_at", "finished_at")
    return {**{name: getattr(found, name) for name in names}, "error": translated(found.error), "result": result}


RESOURCE = ApiResource(
    "rehearsals",
    "A campaign's past day lived through again under another mode, ratio, ceiling or staffing. Nobody is dialled.",
    (
        ApiOperation(
            "GET",
            "",
            _VIEW,
            "Rehearsals, newest first",
            list_rehearsals,
            RehearsalSchema,
            RehearsalQuerySchema,
            paged=True,
        ),
        ApiOperation(
            "POST",
            "",
            _VIEW,
            "Have a campaign rehearsed",
            add_rehearsal,
            body=NewRehearsalSchema,
            status=201,
            description="It runs in the background: read it until it is done.",
        ),
        ApiOperation("GET", "/{rehearsal_id}", _VIEW, "One, with its result", get_rehearsal, RehearsalSchema),
        ApiOperation("POST", "/{rehearsal_id}/cancel", _VIEW, "Break it off", cancel_rehearsal, status=204),
    ),
)
