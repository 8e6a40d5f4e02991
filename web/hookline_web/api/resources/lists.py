"""Contact lists: named sets of one client's contacts, which feed campaigns."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from hookline.api import ApiCreated, ApiOperation, ApiPage, ApiRequest, ApiResource, row_id, text
from hookline.services.lists import ListRow
from hookline_web.context import runtime


class ContactListSchema(Schema):
    """A contact list."""

    id = fields.Integer(required=True)
    client_id = fields.Integer(required=True)
    name = fields.String(required=True)
    country = fields.String(required=True, metadata={"description": "ISO 3166: of numbers without a prefix."})
    contacts = fields.Integer(required=True, metadata={"description": "How many are on it."})
    campaign_ids = fields.List(fields.Integer(), required=True, metadata={"description": "Campaigns that it feeds."})
    created_at = fields.AwareDateTime(required=True)
    archived_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "It takes no contacts any more."}
    )


class ListQuerySchema(Schema):
    """Which lists."""

    client_id = row_id(sent_as_text=True)


class NewListSchema(Schema):
    """A list to be made."""

    client_id = row_id(required=True)
    name = text(120, least=1, required=True)
    country = text(2, least=2, required=True, metadata={"description": "ISO 3166, such as PL."})


class ListChangesSchema(Schema):
    """Another name."""

    name = text(120, least=1, required=True)


def list_lists(request: ApiRequest) -> ApiPage:
    """A page of lists."""
    wanted = request.query.get("client_id")
    rows = [
        row
        for row in runtime().lists.index(request.actor.scope)
        if row.id > (request.after or 0) and wanted in (None, row.client_id)
    ]
    shown = sorted(rows, key=lambda row: row.id)[: request.limit]
    return ApiPage([_plain(row) for row in shown], shown[-1].id if len(rows) > request.limit else None)


def get_list(request: ApiRequest) -> dict[str, Any]:
    """One list."""
    return _plain(runtime().lists.get(request.actor.scope, request.path["list_id"]))


def add_list(request: ApiRequest) -> ApiCreated:
    """Make an empty list."""
    list_id = runtime().lists.create(request.actor, **request.body)
    return ApiCreated(list_id, f"/{list_id}")


def rename_list(request: ApiRequest) -> None:
    """Give a list another name."""
    runtime().lists.rename(request.actor, request.path["list_id"], request.body["name"])


def archive_list(request: ApiRequest) -> None:
    """Put a list away."""
    runtime().lists.archive(request.actor, request.path["list_id"])


def restore_list(request: ApiRequest) -> None:
    """Take an archived list back."""
    runtime().lists.restore(request.actor, request.path["list_id"])


def delete_list(request: ApiRequest) -> None:
    """Delete a list; its contacts are kept."""
    runtime().lists.delete(request.actor, request.path["list_id"])


def _plain(row: ListRow) -> dict[str, Any]:
    return {**vars(row), "campaign_ids": [campaign_id for campaign_id, _name in row.campaigns]}


RESOURCE = ApiResource(
    "lists",
    "Named sets of one client's contacts, which feed campaigns. The contacts on a list: `/contacts?list_id=`.",
    (
        ApiOperation(
            "GET", "", "contacts.view", "Contact lists", list_lists, ContactListSchema, ListQuerySchema, paged=True
        ),
        ApiOperation("POST", "", "contacts.import", "Make an empty list", add_list, body=NewListSchema, status=201),
        ApiOperation("GET", "/{list_id}", "contacts.view", "One list", get_list, ContactListSchema),
        ApiOperation(
            "PATCH",
            "/{list_id}",
            "contacts.import",
            "Give a list another name",
            rename_list,
            body=ListChangesSchema,
            status=204,
        ),
        ApiOperation("POST", "/{list_id}/archive", "contacts.import", "Put a list away", archive_list, status=204),
        ApiOperation(
            "POST", "/{list_id}/restore", "contacts.import", "Take an archived list back", restore_list, status=204
        ),
        ApiOperation(
            "DELETE",
            "/{list_id}",
            "contacts.import",
            "Delete a list",
            delete_list,
            status=204,
            description="Its contacts are kept, with their client and in the campaigns that have them.",
        ),
    ),
)
