"""The suppression list: numbers never to be called."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from hookline.api import ApiCreated, ApiOperation, ApiPage, ApiRequest, ApiResource, moment, row_id, text
from hookline.errors import NotFound
from hookline.services.imports.errors import Remark
from hookline.services.suppression import Entry
from hookline.services.suppression_lists import Reach, SuppressionListRow
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
    list_id = fields.Integer(required=True, allow_none=True)
    list_name = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True, metadata={"description": "null: never."})
    in_force = fields.Boolean(required=True, metadata={"description": "false: it has expired."})


class SuppressionListSchema(Schema):
    """A suppression list."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    client_id = fields.Integer(required=True, allow_none=True, attribute="reach.client_id")
    campaign_id = fields.Integer(required=True, allow_none=True, attribute="reach.campaign_id")
    numbers = fields.Integer(required=True)


class NewSuppressionListSchema(Schema):
    """A list to be made. Without a client: for the whole installation (tokens for all clients only)."""

    name = text(120, least=1, required=True)
    client_id = row_id(allow_none=True, load_default=None)
    campaign_id = row_id(allow_none=True, load_default=None)


class SuppressionQuerySchema(Schema):
    """Which entries."""

    client_id = row_id(sent_as_text=True, metadata={"description": "This client's own."})
    list_id = row_id(sent_as_text=True, metadata={"description": "On this list."})
    query = text(100, metadata={"description": "Digits of the number, or words of reason or source."})


class NewSuppressionSchema(Schema):
    """Numbers to be suppressed, on a list or on the first list of a client or campaign.

    Without any of these: for the whole installation (tokens for all clients only).
    """

    list_id = row_id(allow_none=True, load_default=None)
    expires_at = moment(metadata={"description": "From then on they may be called again; left out: never."})
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
        list_id=request.query.get("list_id"),
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
        sent["list_id"] or Reach(sent["client_id"], sent["campaign_id"]),
        expires_at=sent.get("expires_at"),
        country=sent["country"].upper(),
        reason=sent["reason"],
        source=sent["source"],
    )
    unread = [{"position": u.line, "reason": _without_number(u.remark)} for u in report.unread]
    return {"added": report.added, "already_there": report.already_there, "unread": unread}


def _without_number(remark: Remark) -> str:
    # Whoever sent it knows it; this answer may be kept with an idempotency key.
    return translated(remark.message, {**remark.params, "text": "…"} if remark.params else {})


def list_lists(request: ApiRequest) -> ApiPage:
    """A page of suppression lists."""
    rows = [row for row in runtime().suppression_lists.index(request.actor) if row.id > (request.after or 0)]
    shown = sorted(rows, key=lambda row: row.id)[: request.limit]
    return ApiPage(shown, shown[-1].id if len(rows) > request.limit else None)


def add_list(request: ApiRequest) -> ApiCreated:
    """Make an empty list."""
    sent = request.body
    reach = Reach(sent["client_id"], sent["campaign_id"])
    list_id = runtime().suppression_lists.create(request.actor, sent["name"], reach)
    return ApiCreated(list_id, f"/lists/{list_id}")


def get_list(request: ApiRequest) -> SuppressionListRow:
    """One list."""
    return runtime().suppression_lists.get(request.actor, request.path["list_id"])


def delete_list(request: ApiRequest) -> None:
    """Delete a list with its entries."""
    runtime().suppression_lists.delete(request.actor, request.path["list_id"])


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
        ApiOperation(
            "GET",
            "/lists",
            "suppression.view",
            "Suppression lists",
            list_lists,
            SuppressionListSchema,
            paged=True,
        ),
        ApiOperation(
            "POST",
            "/lists",
            "suppression.manage",
            "Make an empty list",
            add_list,
            body=NewSuppressionListSchema,
            status=201,
        ),
        ApiOperation("GET", "/lists/{list_id}", "suppression.view", "One list", get_list, SuppressionListSchema),
        ApiOperation(
            "DELETE",
            "/lists/{list_id}",
            "suppression.manage",
            "Delete a list with its entries",
            delete_list,
            status=204,
            description="Its numbers may be called again, unless another list has them.",
        ),
    ),
)
