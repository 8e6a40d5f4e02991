"""Clients: the controllers on whose behalf campaigns call."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.errors import InvalidInput
from hookline.permissions import requires
from hookline.services.clients import ClientDraft, ClientSchema
from hookline.text import N_
from hookline.validation import load
from hookline_web import forms
from hookline_web.context import runtime

blueprint = Blueprint("clients", __name__, url_prefix="/clients")
NAVIGATION = (NavigationItem(N_("Clients"), "clients.index", "clients.manage", "admin", "briefcase", 60),)


@blueprint.get("")
@requires("clients.manage")
def index() -> str:
    """Every client."""
    return render_template("clients/index.html", clients=runtime().clients.list_clients(g.actor.scope))


@blueprint.get("/new")
@requires("clients.manage")
def new() -> tuple[str, int]:
    """The form of a new client."""
    return forms.page("clients/form.html", forms.Form(), client=None)


@blueprint.post("/new")
@requires("clients.manage")
def create() -> Response | tuple[str, int]:
    """Add a client."""
    try:
        draft = ClientDraft(**load(ClientSchema(), forms.posted()))
        runtime().clients.add_client(g.actor, draft)
    except InvalidInput as error:
        return forms.page("clients/form.html", forms.Form(forms.posted(), error), client=None)
    flash(_("The client %(name)s is added.", name=draft.name))
    return redirect(url_for("clients.index"))


@blueprint.get("/<int:client_id>")
@requires("clients.manage")
def edit(client_id: int) -> tuple[str, int]:
    """The form of a client."""
    client = runtime().clients.get_client(g.actor.scope, client_id)
    return forms.page("clients/form.html", forms.Form(vars(client)), client=client)


@blueprint.post("/<int:client_id>")
@requires("clients.manage")
def change(client_id: int) -> Response | tuple[str, int]:
    """Change a client."""
    client = runtime().clients.get_client(g.actor.scope, client_id)
    try:
        draft = ClientDraft(**load(ClientSchema(), forms.posted()))
        runtime().clients.change_client(g.actor, client_id, draft)
    except InvalidInput as error:
        return forms.page("clients/form.html", forms.Form(forms.posted(), error), client=client)
    flash(_("The changes are saved."))
    return redirect(url_for("clients.index"))


@blueprint.post("/<int:client_id>/<any(activate, deactivate):act>")
@requires("clients.manage")
def set_active(client_id: int, act: str) -> Response:
    """Deactivate a client or bring it back."""
    runtime().clients.set_client_active(g.actor, client_id, act == "activate")
    flash(_("The client is active again.") if act == "activate" else _("The client is inactive."))
    return redirect(url_for("clients.index"))
