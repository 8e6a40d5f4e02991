"""Results sent to webhook endpoints: begun, followed, cancelled, gone on with."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from hookline.api import ApiCreated, ApiOperation, ApiPage, ApiRequest, ApiResource, row_id
from hookline.db.models import ResultPush
from hookline.services.exports import RowPer
from hookline_web.context import runtime

_EXPORT = "results.export"


class NewPushSchema(Schema):
    """What is to be sent where."""

    campaign_id = row_id(required=True)
    endpoint_id = row_id(required=True, metadata={"description": "A webhook endpoint of the campaign's client."})
    per = fields.String(
        load_default=RowPer.CALL.value,
        validate=validate.OneOf([per.value for per in RowPer]),
        metadata={"description": "What a row stands for."},
    )


class PushQuerySchema(Schema):
    """Whose exports."""

    campaign_id = row_id(sent_as_text=True, load_default=None)


class PushSchema(Schema):
    """An export to an endpoint, and how far it is."""

    id = fields.Integer(required=True)
    campaign_id = fields.Integer(required=True)
    endpoint_id = fields.Integer(required=True)
    per = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "running, done, failed or cancelled."})
    piece = fields.Integer(required=True, metadata={"description": "The one that is next, from 1."})
    rows_sent = fields.Integer(required=True)
    rows_total = fields.Integer(required=True)
    attempts = fields.Integer(required=True, metadata={"description": "Failed tries of this piece."})
    status = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True)
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)


def list_pushes(request: ApiRequest) -> ApiPage:
    """Exports to endpoints, newest first."""
    limit = request.limit
    found = runtime().result_pushes.list_of(request.actor, request.query["campaign_id"], request.after, limit + 1)
    return ApiPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def get_push(request: ApiRequest) -> ResultPush:
    """One."""
    return runtime().result_pushes.get(request.actor, request.path["push_id"])


def add_push(request: ApiRequest) -> ApiCreated:
    """Send results."""
    body = request.body
    made = runtime().result_pushes.start(request.actor, body["campaign_id"], body["endpoint_id"], RowPer(body["per"]))
    return ApiCreated(made, f"/{made}")


def cancel_push(request: ApiRequest) -> None:
    """Send no further piece."""
    runtime().result_pushes.cancel(request.actor, request.path["push_id"])


def resume_push(request: ApiRequest) -> None:
    """Go on after the last piece that arrived."""
    runtime().result_pushes.resume(request.actor, request.path["push_id"])


RESOURCE = ApiResource(
    "result-pushes",
    "A campaign's results, or its contacts, sent to a webhook endpoint of its client in signed pieces.",
    (
        ApiOperation("GET", "", _EXPORT, "Exports to endpoints", list_pushes, PushSchema, PushQuerySchema, paged=True),
        ApiOperation("POST", "", _EXPORT, "Send results", add_push, body=NewPushSchema, status=201),
        ApiOperation("GET", "/{push_id}", _EXPORT, "One, and how far it is", get_push, PushSchema),
        ApiOperation("POST", "/{push_id}/cancel", _EXPORT, "Send no further piece", cancel_push, status=204),
        ApiOperation(
            "POST", "/{push_id}/resume", _EXPORT, "Go on after the last piece that arrived", resume_push, status=204
        ),
    ),
)
