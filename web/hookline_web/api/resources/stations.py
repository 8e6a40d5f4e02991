"""Stations: the telephones agents work at. They belong to the installation, not to a client."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from hookline.api import ApiCreated, ApiOperation, ApiPage, ApiRequest, ApiResource, row_id, text
from hookline.db.models import Station
from hookline.errors import NotPermitted
from hookline.services.stations import StationDraft
from hookline.services.stations import StationSchema as FormSchema
from hookline.text import N_
from hookline.validation import load
from hookline_web.context import runtime

_MANAGE = "stations.manage"


class StationSchema(Schema):
    """A telephone that agents work at. An agent's browser needs no entry."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "sip or number."})
    address = fields.String(required=True, metadata={"description": "A SIP address, or a number in E.164."})
    user_id = fields.Integer(required=True, allow_none=True, metadata={"description": "Whose it is; null: anybody's."})
    active = fields.Boolean(required=True)


class StationChangesSchema(Schema):
    """What to change."""

    name = text(80)
    kind = text(10, metadata={"description": "sip or number."})
    address = text(200)
    user_id = row_id(allow_none=True)


class NewStationSchema(StationChangesSchema):
    """A new station."""

    name = text(80, required=True)
    address = text(200, required=True, metadata={"description": "Like sip:agent1@192.0.2.10:5060, or a number."})


def list_stations(request: ApiRequest) -> ApiPage:
    """A page of stations."""
    _installation_wide(request)
    found = [station for station, _ in runtime().stations.list_stations(request.actor)]
    rows = sorted((s for s in found if s.id > (request.after or 0)), key=lambda station: station.id)
    more = len(rows) > request.limit
    return ApiPage(rows[: request.limit], rows[request.limit - 1].id if more else None)


def get_station(request: ApiRequest) -> Station:
    """One station."""
    _installation_wide(request)
    return runtime().stations.get_station(request.actor, request.path["station_id"])


def add_station(request: ApiRequest) -> ApiCreated:
    """Add a station."""
    _installation_wide(request)
    station_id = runtime().stations.add_station(request.actor, _draft(request.body))
    return ApiCreated(station_id, f"/{station_id}")


def change_station(request: ApiRequest) -> None:
    """Change some of a station."""
    present = get_station(request)
    given = {name: getattr(present, name) for name in ("name", "kind", "address", "user_id")}
    runtime().stations.change_station(request.actor, present.id, _draft({**given, **request.body}))


def activate_station(request: ApiRequest) -> None:
    """Bring it back into use."""
    _installation_wide(request)
    runtime().stations.set_station_active(request.actor, request.path["station_id"], True)


def deactivate_station(request: ApiRequest) -> None:
    """Take it out of use."""
    _installation_wide(request)
    runtime().stations.set_station_active(request.actor, request.path["station_id"], False)


def _draft(values: Any) -> StationDraft:
    return StationDraft(**load(FormSchema(), values))


def _installation_wide(request: ApiRequest) -> None:
    """Stations name agents of every client. Raises NotPermitted."""
    if request.actor.scope.clients is not None:
        raise NotPermitted(
            N_("Stations belong to the whole installation, and this token to some clients."),
            N_("Use a token for every client."),
        )


RESOURCE = ApiResource(
    "stations",
    "Telephones that agents work at. They belong to the installation: only a token for every client reaches them.",
    (
        ApiOperation("GET", "", _MANAGE, "Stations", list_stations, StationSchema, paged=True),
        ApiOperation("POST", "", _MANAGE, "Add a station", add_station, body=NewStationSchema, status=201),
        ApiOperation("GET", "/{station_id}", _MANAGE, "One station", get_station, StationSchema),
        ApiOperation(
            "PATCH",
            "/{station_id}",
            _MANAGE,
            "Change some of a station",
            change_station,
            body=StationChangesSchema,
            status=204,
            description="Its address cannot change (409) while an agent works at it.",
        ),
        ApiOperation("POST", "/{station_id}/activate", _MANAGE, "Bring it back into use", activate_station, status=204),
        ApiOperation(
            "POST",
            "/{station_id}/deactivate",
            _MANAGE,
            "Take it out of use",
            deactivate_station,
            status=204,
            description="Refused (409) while an agent works at it.",
        ),
    ),
)
