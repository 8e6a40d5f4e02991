"""The suppression list: numbers never to be called."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from hookline.api import ApiOperation, ApiPage, ApiRequest, ApiResource, row_id, text
from hookline.errors import NotFound
from hookline.services.imports.errors import Remark
from hookline.services.suppression import Entry
from hookline.services.suppression_lists import Reach
from hookline.text import N_
from hookline_web.context import runtime
from hookline_web.i18n import translated

_MOST_NUMBERS = 10_000


class SuppressionSchema(Schema):
    """A number that is not called."""

    id = fields.Integer(required=True)
    number = fields.String(required=True, attribute="e164", metadata={"description": "E.164."})
    client_id = fields.Integer(
        required=True, allow_none=True, metadata={"description": "null: for the whole installation."}
    )
    campaign_name = fields.String(required=True, metadata={"description": "Empty: for every campaign."})
    reason = fields.String(required=True)
    source = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class SuppressionQuerySchema(Schema):
    """Which entries."""

    client_id = row_id(sent_as_text=True, metadata={"description": "This client's own."})
    query = text(100, metadata={"description": "Digits of the number, or words of reason or source."})


class NewSuppressionSchema(Schema):
    """Numbers to be suppressed. Without a client: for the whole installation (tokens for all clients only)."""

    numbers = fields.List(text(60, least=1), required=True, validate=validate.Length(1, _MOST_NUMBERS))
    client_id = row_id(allow_none=True, load_default=None)
    campaign_id = row_id(allow_none=True, load_default=None)
    country = text(2, least=2, load_default="PL", metadata={"description": "ISO 3166: of numbers without a prefix."})
    reason = text(200, least=1, required=True)
    source = text(200, least=1, required=True, metadata={"description": "On whose word, kept as proof."})


class UnreadNumberSchema(Schema):
    """An item of `numbers` that is no phone number."""

    position = fields.Integer(required=True, metadata={"description": "In `numbers`, from 1."})
    reason = fields.String(required=True)


class SuppressionReportSchema(Schema):
    """What became of the numbers."""

    added = fields.Integer(required=True)
    already_there = fields.Integer(required=True)
    unread = fields.List(fields.Nested(UnreadNumberSchema), required=True)


def list_entries(request: ApiRequest) -> ApiPage:
    """A page of entries, newest first."""
    found = runtime().suppression.search(
        request.actor,
        request.query.get("query", ""),
        client_id=request.query.get("client_id"),
        before=request.after,
        limit=request.limit + 1,
    )
    shown = found[: request.limit]
    return ApiPage(shown, shown[-1].id if len(found) > request.limit else None)


def get_entry(request: ApiRequest) -> Entry:
    """One entry."""
    wanted = request.path["entry_id"]
    for entry in runtime().suppression.search(request.actor, before=wanted + 1, limit=1):
        if entry.id == wanted:
            return entry
    raise NotFound(N_("There is no such entry on the suppression list."))


def add_entries(request: ApiRequest) -> dict[str, Any]:
    """Suppress numbers."""
    sent = request.body
    report = runtime().suppression.add(
        request.actor,
        sent["numbers"],
        Reach(sent["client_id"], sent["campaign_id"]),
        country=sent["country"].upper(),
        reason=sent["reason"],
        source=sent["source"],
    )
    unread = [{"position": u.line, "reason": _without_number(u.remark)} for u in report.unread]
    return {"added": report.added, "already_there": report.already_there, "unread": unread}


def _without_number(remark: Remark) -> str:
    # Whoever sent it knows it; this answer may be kept with an idempotency key.
    return translated(remark.message, {**remark.params, "text": "…"} if remark.params else {})


def remove_entry(request: ApiRequest) -> None:
    """Let a number be called again."""
    runtime().suppression.remove(request.actor, request.path["entry_id"])


RESOURCE = ApiResource(
    "suppression",
    "Numbers never to be called: for the whole installation, one client or one campaign.",
    (
        ApiOperation(
            "GET",
            "",
            "suppression.view",
            "The suppression list, newest first",
            list_entries,
            SuppressionSchema,
            SuppressionQuerySchema,
            paged=True,
        ),
        ApiOperation(
            "POST",
            "",
            "suppression.manage",
            "Suppress numbers",
            add_entries,
            SuppressionReportSchema,
            body=NewSuppressionSchema,
            description="Attempts to them that are not yet placed are revoked. Items that are no numbers are reported, "
            "the rest is added.",
        ),
        ApiOperation("GET", "/{entry_id}", "suppression.view", "One entry", get_entry, SuppressionSchema),
        ApiOperation(
            "DELETE", "/{entry_id}", "suppression.manage", "Let a number be called again", remove_entry, status=204
        ),
    ),
)
