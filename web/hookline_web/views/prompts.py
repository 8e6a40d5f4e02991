"""Prompts: hold music and messages to callers, of the installation and of each client."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields
from werkzeug.wrappers import Response as BaseResponse

from hookline.contributions import NavigationItem
from hookline.errors import InvalidInput
from hookline.permissions import requires
from hookline.services.prompts import PromptKind
from hookline.text import N_
from hookline.validation import load
from hookline_web.context import runtime
from hookline_web.schemas.filters import readable

blueprint = Blueprint("prompts", __name__, url_prefix="/prompts")
NAVIGATION = (NavigationItem(N_("Prompts"), "prompts.index", "prompts.manage", "admin", "music", 85),)

TITLES = {
    PromptKind.HOLD_MUSIC: (N_("Hold music"), N_("While a customer is held, or his agent's browser is away.")),
    PromptKind.MACHINE: (N_("Answering machine"), N_("To an answering machine, where the campaign leaves a message.")),
    PromptKind.NO_AGENT: (N_("No agent"), N_("To a caller for whom nobody is there; then he is hung up.")),
    PromptKind.ABANDONED: (N_("Abandoned call"), N_("To somebody who answered and for whom no agent was free.")),
    PromptKind.TRANSFER_FAILED: (N_("Nobody took the call"), N_("To a customer who was handed on in vain.")),
    PromptKind.CLOSING: (N_("Farewell"), N_("When the call must end since Hookline stops or the agent has left.")),
    PromptKind.RECORDING: (N_("This call is recorded"), N_("To both, at the beginning of a recorded call.")),
}


class ClientSchema(Schema):
    """Whose prompts; none: the installation's."""

    client_id = fields.Integer(load_default=None, allow_none=True)


class UploadSchema(ClientSchema):
    """A sound, and what it is for."""

    kind = fields.Enum(PromptKind, by_value=True, required=True)


@blueprint.get("")
@requires("prompts.manage")
def index() -> str:
    """Every kind, for the installation or for ?client_id=."""
    client_id = readable(ClientSchema(), request.args).get("client_id")
    return render_template(
        "prompts/index.html",
        lines=runtime().desk_calls.prompts.lines(g.actor, client_id),
        titles=TITLES,
        client_id=client_id,
        clients=[(c.id, c.name) for c in runtime().clients.list_clients(g.actor.scope)],
    )


@blueprint.post("")
@requires("prompts.manage")
def upload() -> BaseResponse:
    """Keep a sound."""
    data = load(UploadSchema(), {k: v for k, v in request.form.items() if v and k != "csrf_token"})
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidInput(N_("Choose a file."), fields={"file": [N_("Choose a file.")]})
    sound = cast(BinaryIO, sent.stream)
    runtime().desk_calls.prompts.upload(g.actor, data["client_id"], data["kind"], sent.filename, sound)
    flash(_("The sound is in use from the next call on."))
    return redirect(url_for("prompts.index", client_id=data["client_id"]))


@blueprint.get("/<int:prompt_id>/sound")
@requires("prompts.manage")
def sound(prompt_id: int) -> Response:
    """Listen to it."""
    _prompt, path = runtime().desk_calls.prompts.file(g.actor, prompt_id)
    return send_file(path, mimetype="audio/wav", conditional=True)


@blueprint.post("/<int:prompt_id>/delete")
@requires("prompts.manage")
def delete(prompt_id: int) -> BaseResponse:
    """Remove it."""
    prompt, _path = runtime().desk_calls.prompts.file(g.actor, prompt_id)
    runtime().desk_calls.prompts.delete(g.actor, prompt_id)
    flash(_("The sound is removed."))
    return redirect(url_for("prompts.index", client_id=prompt.client_id))
