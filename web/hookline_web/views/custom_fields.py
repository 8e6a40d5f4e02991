"""What a client's custom fields are: labels, and what kind of personal data their values are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from werkzeug.wrappers import Response

from hookline.data_holders import Classification
from hookline.errors import NotFound
from hookline.permissions import requires
from hookline.text import N_
from hookline.validation import load
from hookline_web.context import runtime
from hookline_web.schemas.filters import readable

blueprint = Blueprint("custom_fields", __name__, url_prefix="/fields")

CLASSES = {
    Classification.ORDINARY: N_("ordinary"),
    Classification.SPECIAL: N_("special (health, beliefs and the like)"),
    Classification.NONE: N_("not about a person"),
}


class _Query(Schema):
    client_id = fields.Integer(load_default=None, allow_none=True)


class _Fields(Schema):
    """One entry of each list per field."""

    key = fields.List(fields.String(validate=validate.Length(1, 100)), load_default=list)
    label = fields.List(fields.String(validate=validate.Length(max=200)), load_default=list)
    classification = fields.List(fields.Enum(Classification, by_value=True), load_default=list)

    @validates_schema
    def _even(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if not len(data["key"]) == len(data["label"]) == len(data["classification"]):
            raise ValidationError(N_("Reload the page and send it again."))


@blueprint.get("")
@requires("contacts.import")
def show() -> str:
    """The fields of one client, the first where none is chosen."""
    clients = [(c.id, c.name) for c in runtime().lists.clients(g.actor.scope)]
    if not clients:
        raise NotFound(N_("There is no client yet."), N_("Add one under Clients."))
    client_id = readable(_Query(), request.args).get("client_id") or clients[0][0]
    return render_template(
        "lists/fields.html",
        clients=clients,
        client_id=client_id,
        fields=runtime().custom_fields.fields(g.actor.scope, client_id),
        classes=CLASSES,
    )


@blueprint.post("/<int:client_id>")
@requires("contacts.import")
def save(client_id: int) -> Response:
    """Keep what is said of the fields."""
    sent = load(_Fields(), {name: request.form.getlist(name) for name in ("key", "label", "classification")})
    said = dict(zip(sent["key"], zip(sent["label"], sent["classification"], strict=True), strict=True))
    runtime().custom_fields.declare(g.actor, client_id, said)
    flash(_("The changes are saved."))
    return redirect(url_for("custom_fields.show", client_id=client_id))
