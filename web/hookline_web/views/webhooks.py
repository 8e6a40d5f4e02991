"""Webhooks: where a client's events are sent, how that goes, and what to do where it does not."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.errors import InvalidInput
from hookline.permissions import requires
from hookline.services.keyset import Cursor
from hookline.services.webhooks import event_kinds
from hookline.services.webhooks.reads import EndpointView
from hookline.services.webhooks.schemas import EndpointSchema, NewEndpointSchema
from hookline.services.webhooks.service import NewSecret
from hookline.text import N_
from hookline.validation import load
from hookline_web import forms, labels
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.schemas.filters import CursorSchema, DeliveryFilterSchema, readable

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
NAVIGATION = (NavigationItem(N_("Webhooks"), "webhooks.index", "webhooks.manage", "admin", "send", 82),)


@blueprint.get("")
@requires("webhooks.manage")
def index() -> str:
    """Every endpoint and how it is doing."""
    return render_template("webhooks/index.html", rows=runtime().webhooks.reads.endpoints(g.actor))


@blueprint.get("/new")
@requires("webhooks.manage")
def new() -> tuple[str, int]:
    """The form of a new endpoint."""
    return _form(forms.Form({"event_types": ["CallEnded", "CallDisposed"]}))


@blueprint.post("/new")
@requires("webhooks.manage")
def create() -> tuple[str, int]:
    """Add an endpoint and show its secret, this once: the page that answers is kept in no cache."""
    sent = forms.posted(lists=("event_types",))
    try:
        made = runtime().webhooks.service.add(g.actor, load(NewEndpointSchema(), sent))
    except InvalidInput as error:
        return _form(forms.Form(sent, error))
    return _secret(made, renewed=False), 201


@blueprint.get("/<int:endpoint_id>")
@requires("webhooks.manage")
def show(endpoint_id: int) -> str:
    """An endpoint and its messages."""
    wanted = readable(DeliveryFilterSchema(), request.args)
    cursor = Cursor(**readable(CursorSchema(), request.args))
    return render_template(
        "webhooks/show.html",
        row=_view(endpoint_id),
        page=runtime().webhooks.reads.deliveries(g.actor, endpoint_id, cursor, **wanted),
        wanted=wanted,
        states=labels.choices(labels.DELIVERY_STATES),
        kinds=[*_kinds(), (event_kinds.PING, _("Test message"))],
    )


@blueprint.get("/<int:endpoint_id>/edit")
@requires("webhooks.manage")
def edit(endpoint_id: int) -> tuple[str, int]:
    """The form of an endpoint."""
    row = _view(endpoint_id)
    return _form(forms.Form(vars(row.endpoint)), row)


@blueprint.post("/<int:endpoint_id>/edit")
@requires("webhooks.manage")
def change(endpoint_id: int) -> Response | tuple[str, int]:
    """Change an endpoint."""
    row = _view(endpoint_id)
    sent = forms.posted(lists=("event_types",))
    try:
        runtime().webhooks.service.change(g.actor, endpoint_id, load(EndpointSchema(), sent))
    except InvalidInput as error:
        return _form(forms.Form(sent, error), row)
    flash(_("The changes are saved."))
    return _back(endpoint_id)


@blueprint.post("/<int:endpoint_id>/secret")
@requires("webhooks.manage")
def renew_secret(endpoint_id: int) -> tuple[str, int]:
    """Give the endpoint a new secret and show it, this once."""
    return _secret(runtime().webhooks.service.renew_secret(g.actor, endpoint_id), renewed=True), 201


@blueprint.post("/<int:endpoint_id>/<any(pause, resume):act>")
@requires("webhooks.manage")
def set_active(endpoint_id: int, act: str) -> Response:
    """Pause an endpoint or send again."""
    if act == "pause":
        runtime().webhooks.service.pause(g.actor, endpoint_id)
        flash(_("Nothing is sent to the endpoint for now. What happens meanwhile waits."))
    else:
        runtime().webhooks.service.resume(g.actor, endpoint_id)
        flash(_("The endpoint is active. What waited is sent first."))
    return _back(endpoint_id)


@blueprint.post("/<int:endpoint_id>/ping")
@requires("webhooks.manage")
def ping(endpoint_id: int) -> Response:
    """Send a test message."""
    runtime().webhooks.service.ping(g.actor, endpoint_id)
    flash(_("A test message is on its way. Its answer appears in the list within seconds."))
    return _back(endpoint_id)


@blueprint.post("/<int:endpoint_id>/replay")
@requires("webhooks.manage")
def replay_dead(endpoint_id: int) -> Response:
    """Send every given-up message again."""
    count = runtime().webhooks.service.replay_dead(g.actor, endpoint_id)
    flash(_("Given-up messages that are sent again: %(count)s.", count=count))
    return _back(endpoint_id)


@blueprint.post("/<int:endpoint_id>/messages/<int:delivery_id>/replay")
@requires("webhooks.manage")
def replay(endpoint_id: int, delivery_id: int) -> Response:
    """Send one message again."""
    runtime().webhooks.service.replay(g.actor, delivery_id)
    flash(_("The message is sent again."))
    return _back(endpoint_id)


def _view(endpoint_id: int) -> EndpointView:
    return runtime().webhooks.reads.endpoint(g.actor, endpoint_id)


def _back(endpoint_id: int) -> Response:
    return redirect(url_for("webhooks.show", endpoint_id=endpoint_id))


def _secret(made: NewSecret, *, renewed: bool) -> str:
    row = runtime().webhooks.reads.endpoint(g.actor, made.endpoint_id)
    return render_template("webhooks/secret.html", made=made, row=row, renewed=renewed)


def _kinds() -> list[tuple[str, str]]:
    return [(name, translated(title)) for name, title in event_kinds.offered().items()]


def _form(form: forms.Form, row: EndpointView | None = None) -> tuple[str, int]:
    clients = runtime().clients.list_clients(g.actor.scope, active_only=True)
    return forms.page(
        "webhooks/form.html",
        form,
        row=row,
        clients=[(client.id, client.name) for client in clients],
        kinds=[(name, f"{title} ({name})") for name, title in _kinds()],
    )
