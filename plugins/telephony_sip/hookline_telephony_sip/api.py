"""Trunks in the JSON API, by the same rules as on the pages; passwords are in none of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any

from marshmallow import Schema, fields

from hookline.api import ApiCreated, ApiOperation, ApiPage, ApiRequest, ApiResource, row_id, text
from hookline.errors import NotFound
from hookline.text import N_
from hookline.validation import load
from hookline_telephony_sip.permissions import MANAGE
from hookline_telephony_sip.reach import Reach, TrunkReach
from hookline_telephony_sip.schemas import TrunkSchema
from hookline_telephony_sip.service import TrunkDraft, TrunkService, TrunkView

_DRAFT = tuple(field.name for field in fields_of(TrunkDraft))
_TRANSPORT = "udp, tcp or tls; TCP and TLS take a SIP proxy in front."


def _whole(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, **options)


class TrunkResultSchema(Schema):
    """A trunk: a way out to the telephone network."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    host = fields.String(required=True)
    port = fields.Integer(required=True)
    transport = fields.String(required=True, metadata={"description": _TRANSPORT})
    client_id = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Whose calls alone may use it; null: every client's."}
    )
    username = fields.String(required=True)
    password_variable = fields.String(
        required=True, metadata={"description": "The environment variable that carries the password."}
    )
    password_set = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "Whether it is there; null: none is needed."}
    )
    caller_id = fields.String(required=True)
    number_format = fields.String(required=True, metadata={"description": "e164 or plain."})
    dial_prefix = fields.String(required=True)
    codecs = fields.String(required=True)
    dtmf = fields.String(required=True, metadata={"description": "rfc4733 or info."})
    max_channels = fields.Integer(required=True, metadata={"description": "Calls at once; 0: no limit."})
    inbound = fields.Boolean(required=True)
    registers = fields.Boolean(required=True)
    priority = fields.Integer(required=True, metadata={"description": "Higher is used first."})
    active = fields.Boolean(required=True)
    standing = fields.String(required=True, metadata={"description": "ready, inactive, no_password or no_front."})
    answers = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "Whether it answers OPTIONS; null: not looked at."}
    )
    problem = fields.String(
        required=True,
        metadata={"description": "Why it does not: unresolved, kept_in, closed, silent or certificate."},
    )


class TrunkChangesSchema(Schema):
    """What to change of a trunk."""

    name = text(80)
    host = text(253)
    port = _whole()
    transport = text(10, metadata={"description": _TRANSPORT})
    client_id = row_id(allow_none=True)
    username = text(64)
    password_variable = text(80)
    caller_id = text(40)
    number_format = text(20)
    dial_prefix = text(8)
    codecs = text(80)
    dtmf = text(20)
    max_channels = _whole()
    inbound = fields.Boolean()
    registers = fields.Boolean()
    priority = _whole()


class NewTrunkSchema(TrunkChangesSchema):
    """A new trunk."""

    name = text(80, required=True)
    host = text(253, required=True)


class TrunkApi:
    """The handlers. A token of one client reaches that client's trunks; those of every client take one for all."""

    def __init__(self, trunks: TrunkService, reach: TrunkReach) -> None:
        self._trunks = trunks
        self._reach = reach

    def list_trunks(self, request: ApiRequest) -> ApiPage:
        """A page of trunks."""
        after, states = request.after or 0, self._reach.states()
        found = sorted((v for v in self._trunks.list_trunks(request.actor)), key=lambda view: view.record.id)
        rows = [view for view in found if view.record.id > after and _within(request, view.record.client_id)]
        page, more = rows[: request.limit], len(rows) > request.limit
        return ApiPage([_plain(view, states) for view in page], page[-1].record.id if more else None)

    def get_trunk(self, request: ApiRequest) -> dict[str, Any]:
        """One trunk."""
        return _plain(self._find(request), self._reach.states())

    def add_trunk(self, request: ApiRequest) -> ApiCreated:
        """Add a trunk."""
        draft = self._draft(request, request.body)
        trunk_id = self._trunks.add_trunk(request.actor, draft)
        return ApiCreated(trunk_id, f"/{trunk_id}")

    def change_trunk(self, request: ApiRequest) -> None:
        """Change some of a trunk."""
        record = self._find(request).record
        present = {name: getattr(record, name) for name in _DRAFT}
        self._trunks.change_trunk(request.actor, record.id, self._draft(request, {**present, **request.body}))

    def activate_trunk(self, request: ApiRequest) -> None:
        """Bring it back into use."""
        self._trunks.set_trunk_active(request.actor, self._find(request).record.id, True)

    def deactivate_trunk(self, request: ApiRequest) -> None:
        """Take it out of use."""
        self._trunks.set_trunk_active(request.actor, self._find(request).record.id, False)

    def _find(self, request: ApiRequest) -> TrunkView:
        view = self._trunks.get_trunk(request.actor, request.path["trunk_id"])
        if not _within(request, view.record.client_id):
            raise NotFound(N_("There is no such trunk."))
        return view

    def _draft(self, request: ApiRequest, values: Mapping[str, Any]) -> TrunkDraft:
        draft = TrunkDraft(**load(TrunkSchema(), values))
        if not _within(request, draft.client_id):
            raise NotFound(N_("There is no such client."))
        return draft

    def resource(self) -> ApiResource:
        """The resource as it is contributed."""
        one = "/{trunk_id}"
        return ApiResource(
            "trunks",
            "SIP trunks: the ways out to the telephone network, and in from it.",
            (
                ApiOperation("GET", "", MANAGE, "Trunks", self.list_trunks, TrunkResultSchema, paged=True),
                ApiOperation("POST", "", MANAGE, "Add a trunk", self.add_trunk, body=NewTrunkSchema, status=201),
                ApiOperation("GET", one, MANAGE, "One trunk", self.get_trunk, TrunkResultSchema),
                ApiOperation(
                    "PATCH",
                    one,
                    MANAGE,
                    "Change some of a trunk",
                    self.change_trunk,
                    body=TrunkChangesSchema,
                    status=204,
                    description="Calls that are up go on as they began.",
                ),
                ApiOperation(
                    "POST", f"{one}/activate", MANAGE, "Bring it back into use", self.activate_trunk, status=204
                ),
                ApiOperation(
                    "POST",
                    f"{one}/deactivate",
                    MANAGE,
                    "Take it out of use",
                    self.deactivate_trunk,
                    status=204,
                    description="Calls that are up go on.",
                ),
            ),
        )


def _within(request: ApiRequest, client_id: int | None) -> bool:
    clients = request.actor.scope.clients
    return clients is None or client_id in clients


def _plain(view: TrunkView, states: Mapping[int, Reach]) -> dict[str, Any]:
    record, seen = view.record, states.get(view.record.id, Reach())
    return {
        **{name: getattr(record, name) for name in (*_DRAFT, "id", "active")},
        "password_set": view.password,
        "standing": view.standing.value,
        "answers": seen.answers,
        "problem": seen.problem,
    }
