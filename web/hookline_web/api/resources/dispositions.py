"""Dispositions: what agents say came of calls. They are changed with their campaign."""

from __future__ import annotations

from marshmallow import Schema, fields

from hookline.api import ApiOperation, ApiPage, ApiRequest, ApiResource, row_id
from hookline.db.models import Disposition
from hookline_web.context import runtime


class DispositionSchema(Schema):
    """A disposition of one campaign."""

    id = fields.Integer(required=True)
    campaign_id = fields.Integer(required=True)
    code = fields.String(required=True)
    label = fields.String(required=True)
    category = fields.String(required=True)
    final = fields.Boolean(required=True, metadata={"description": "The contact is done with it."})
    active = fields.Boolean(required=True, metadata={"description": "False: only calls from before have it."})


class DispositionQuerySchema(Schema):
    """Which dispositions."""

    campaign_id = row_id(sent_as_text=True)


def list_dispositions(request: ApiRequest) -> ApiPage:
    """A page of dispositions."""
    page = runtime().feeds.dispositions(request.actor, request.after, request.limit, **request.query)
    return ApiPage(page.rows, page.next)


def get_disposition(request: ApiRequest) -> Disposition:
    """One disposition."""
    return runtime().feeds.disposition(request.actor, request.path["disposition_id"])


RESOURCE = ApiResource(
    "dispositions",
    "What agents say came of a call. They are changed with their campaign.",
    (
        ApiOperation(
            "GET",
            "",
            "campaigns.view",
            "Dispositions",
            list_dispositions,
            DispositionSchema,
            DispositionQuerySchema,
            paged=True,
        ),
        ApiOperation(
            "GET", "/{disposition_id}", "campaigns.view", "One disposition", get_disposition, DispositionSchema
        ),
    ),
)
