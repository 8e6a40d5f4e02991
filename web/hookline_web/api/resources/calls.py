"""Calls: looked up, their recordings fetched. Nothing here dials: calls go through an agent and the dial gate."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from hookline.api import ApiDownload, ApiOperation, ApiPage, ApiRequest, ApiResource, day, row_id, text
from hookline.domain.calls import CallResult
from hookline.errors import NotFound
from hookline.services.call_reads import CallFilters, CallLine
from hookline.services.keyset import Cursor
from hookline.sound_files import MIME_TYPES
from hookline.text import N_
from hookline_web.context import runtime

_FIELDS = (
    "id",
    "client_id",
    "campaign_id",
    "contact_id",
    "agent_id",
    "direction",
    "caller_id",
    "state",
    "result",
    "hangup_cause",
    "queued_at",
    "ringing_at",
    "answered_at",
    "agent_connected_at",
    "ended_at",
    "note",
)


class CallSchema(Schema):
    """A call."""

    id = fields.Integer(required=True)
    client_id = fields.Integer(required=True)
    campaign_id = fields.Integer(required=True)
    contact_id = fields.Integer(required=True)
    agent_id = fields.Integer(required=True, allow_none=True)
    direction = fields.String(required=True)
    number = fields.String(required=True, metadata={"description": "E.164."})
    caller_id = fields.String(required=True)
    state = fields.String(required=True)
    result = fields.String(required=True, metadata={"description": "What the network did; empty while it goes on."})
    hangup_cause = fields.String(required=True)
    queued_at = fields.AwareDateTime(required=True)
    ringing_at = fields.AwareDateTime(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)
    agent_connected_at = fields.AwareDateTime(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)
    talk_seconds = fields.Float(
        required=True, allow_none=True, metadata={"description": "Customer and agent heard each other; null: never."}
    )
    disposition = fields.String(required=True, allow_none=True, metadata={"description": "Its code."})
    category = fields.String(required=True, allow_none=True, metadata={"description": "Of the disposition."})
    note = fields.String(required=True)


class RecordingSchema(Schema):
    """A recording of a call; its sound is at `/calls/<call>/recordings/<id>`."""

    id = fields.Integer(required=True)
    seconds = fields.Float(required=True)
    bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    complete = fields.Boolean(required=True)
    started_at = fields.AwareDateTime(required=True)


class CallAnswerSchema(Schema):
    """An answer that was noted in the conversation script."""

    question = fields.String(required=True)
    answer = fields.String(required=True)


class CallDetailsSchema(CallSchema):
    """A call with its recordings (for recordings.play) and the script's answers."""

    recordings = fields.List(fields.Nested(RecordingSchema), required=True)
    answers = fields.List(fields.Nested(CallAnswerSchema), required=True)


class CallQuerySchema(Schema):
    """Which calls. Days are local days of the centre, both included."""

    campaign_id = row_id(sent_as_text=True)
    agent_id = row_id(sent_as_text=True)
    result = fields.Enum(CallResult, by_value=True)
    disposition = text(64, metadata={"description": "Its code."})
    first_day = day()
    last_day = day()


def list_calls(request: ApiRequest) -> ApiPage:
    """A page of calls, newest first."""
    filters = CallFilters(**request.query)
    page = runtime().call_reads.list_calls(request.actor, filters, Cursor(request.after), request.limit)
    return ApiPage([_plain(line) for line in page.rows], page.next)


def get_call(request: ApiRequest) -> dict[str, Any]:
    """One call."""
    found = runtime().call_reads.get(request.actor, request.path["call_id"])
    answers = [{"question": question, "answer": answer} for question, answer in found.answers]
    return {**_plain(found.line), "recordings": found.recordings, "answers": answers}


def get_recording(request: ApiRequest) -> ApiDownload:
    """A recording's sound."""
    recording_id = request.path["recording_id"]
    found = runtime().call_reads.get(request.actor, request.path["call_id"])
    if recording_id not in {recording.id for recording in found.recordings}:
        raise NotFound(N_("There is no such recording."))
    sound = runtime().recordings.open(request.actor, recording_id)
    return ApiDownload(MIME_TYPES[sound.codec], f"recording-{recording_id}.{sound.codec}", sound)


def _plain(line: CallLine) -> dict[str, Any]:
    chosen = line.disposition
    return {
        **{name: getattr(line.call, name) for name in _FIELDS},
        "number": line.number,
        "talk_seconds": line.talk_seconds,
        "disposition": chosen.code if chosen else None,
        "category": chosen.category if chosen else None,
    }


RESOURCE = ApiResource(
    "calls",
    "Calls and their recordings. Nothing here dials.",
    (
        ApiOperation(
            "GET", "", "calls.view", "Calls, newest first", list_calls, CallSchema, CallQuerySchema, paged=True
        ),
        ApiOperation("GET", "/{call_id}", "calls.view", "One call", get_call, CallDetailsSchema),
        ApiOperation(
            "GET",
            "/{call_id}/recordings/{recording_id}",
            "recordings.play",
            "A recording's sound",
            get_recording,
            download="audio/wav",
            description="Answers requests for a range.",
        ),
    ),
)
