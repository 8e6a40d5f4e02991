"""Tokens of the JSON API: made, shown once, revoked."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.errors import InvalidInput
from hookline.permissions import requires
from hookline.services.tokens import DEFAULT_DAYS, MOST_DAYS, USE, TokenSchema
from hookline.text import N_
from hookline.validation import load
from hookline_web import forms
from hookline_web.api.parts import parts
from hookline_web.context import runtime
from hookline_web.i18n import translated

blueprint = Blueprint("tokens", __name__, url_prefix="/tokens")
NAVIGATION = (NavigationItem(N_("API tokens"), "tokens.index", "tokens.manage", "admin", "key", 80),)


@blueprint.get("")
@requires("tokens.manage")
def index() -> str:
    """Every token."""
    return render_template("tokens/index.html", rows=runtime().tokens.list_tokens(g.actor))


@blueprint.get("/new")
@requires("tokens.manage")
def new() -> tuple[str, int]:
    """The form of a new token."""
    return _form(forms.Form({"days": DEFAULT_DAYS}))


@blueprint.post("/new")
@requires("tokens.manage")
def create() -> tuple[str, int]:
    """Make a token and show it, this once: the page that answers is kept in no cache."""
    sent = forms.posted(lists=("permissions", "clients"))
    try:
        data = load(TokenSchema(), sent)
        issued = runtime().tokens.issue(g.actor, data)
    except InvalidInput as error:
        return _form(forms.Form(sent, error))
    return render_template("tokens/made.html", name=data["name"], issued=issued), 201


@blueprint.post("/<int:token_id>/revoke")
@requires("tokens.manage")
def revoke(token_id: int) -> Response:
    """Let nobody in with the token any more."""
    runtime().tokens.revoke(g.actor, token_id)
    flash(_("The token is revoked: nobody is let in with it any more."))
    return redirect(url_for("tokens.index"))


def _form(form: forms.Form) -> tuple[str, int]:
    offered = sorted((parts().permissions - {USE}) & g.actor.permissions)
    titles = runtime().permissions
    return forms.page(
        "tokens/form.html",
        form,
        permissions=[(name, translated(titles[name].title)) for name in offered if name in titles],
        clients=[(c.id, c.name) for c in runtime().clients.list_clients(g.actor.scope)],
        most_days=MOST_DAYS,
    )
