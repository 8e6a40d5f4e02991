"""The token itself: what a program may do here, and until when."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from hookline.api import ApiOperation, ApiRequest, ApiResource
from hookline_web.api.guard import bearer
from hookline_web.context import runtime


class ReachableClientSchema(Schema):
    """A client whose data the token reaches."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    active = fields.Boolean(required=True)


class OwnTokenSchema(Schema):
    """The token that was sent."""

    name = fields.String(required=True)
    permissions = fields.List(fields.String(), required=True)
    all_clients = fields.Boolean(required=True, metadata={"description": "Also those that are added later."})
    clients = fields.List(fields.Nested(ReachableClientSchema), required=True)
    expires_at = fields.AwareDateTime(required=True)


def show_token(request: ApiRequest) -> dict[str, Any]:
    """What the token may."""
    scope = request.actor.scope
    return {
        "name": request.actor.name,
        "permissions": sorted(request.actor.permissions),
        "all_clients": scope.clients is None,
        "clients": runtime().clients.list_clients(scope),
        "expires_at": bearer().expires_at,
    }


RESOURCE = ApiResource(
    "token",
    "The token that is used: its permissions, the clients it reaches, when it expires.",
    (ApiOperation("GET", "", "api.use", "What this token may do", show_token, OwnTokenSchema),),
)
