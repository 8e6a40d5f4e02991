"""Users: added, changed, deactivated; never deleted, since statistics stay."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.db.models import User
from hookline.errors import InvalidInput
from hookline.permissions import requires
from hookline.services.user_schemas import NewUserSchema, PasswordSchema, UserSchema
from hookline.text import N_
from hookline.validation import load
from hookline_web import auth, forms
from hookline_web.context import runtime

blueprint = Blueprint("users", __name__, url_prefix="/users")
NAVIGATION = (NavigationItem(N_("Users"), "users.index", "users.manage", "admin", "user-cog", 70),)


@blueprint.get("")
@requires("users.manage")
def index() -> str:
    """Every user."""
    users = runtime().identity.list_users()
    names = {client.id: client.name for client in runtime().clients.list_clients(g.actor.scope)}
    clients = {user.id: [names[c] for c in runtime().identity.clients_of(user.id) if c in names] for user in users}
    return render_template("users/index.html", users=users, clients=clients)


@blueprint.get("/new")
@requires("users.manage")
def new() -> tuple[str, int]:
    """The form of a new user."""
    return _form(forms.Form({"role": "agent", "language": g.user.language}), None)


@blueprint.post("/new")
@requires("users.manage")
def create() -> Response | tuple[str, int]:
    """Add a user."""
    sent = forms.posted(lists=("clients",))
    try:
        runtime().identity.add_user(**load(NewUserSchema(), sent))
    except InvalidInput as error:
        return _form(forms.Form(sent, error), None)
    flash(_("The user %(name)s is added.", name=sent["display_name"]))
    return redirect(url_for("users.index"))


@blueprint.get("/<int:user_id>")
@requires("users.manage")
def edit(user_id: int) -> tuple[str, int]:
    """The form of a user."""
    user = runtime().identity.get_user(user_id)
    return _form(forms.Form({**vars(user), "clients": runtime().identity.clients_of(user_id)}), user)


@blueprint.post("/<int:user_id>")
@requires("users.manage")
def change(user_id: int) -> Response | tuple[str, int]:
    """Change a user."""
    user = runtime().identity.get_user(user_id)
    sent = forms.posted(lists=("clients",))
    try:
        runtime().identity.change_user(user_id, **load(UserSchema(), sent))
    except InvalidInput as error:
        return _form(forms.Form(sent, error), user)
    flash(_("The changes are saved."))
    return redirect(url_for("users.index"))


@blueprint.post("/<int:user_id>/password")
@requires("users.manage")
def set_password(user_id: int) -> Response | tuple[str, int]:
    """Give a user a new password; the sessions he has open end."""
    user = runtime().identity.get_user(user_id)
    try:
        runtime().identity.set_password(user_id, load(PasswordSchema(), forms.posted())["password"])
    except InvalidInput as error:
        values = {**vars(user), "clients": runtime().identity.clients_of(user_id)}
        return _form(forms.Form(values, error), user)
    if user_id == g.user.id:
        auth.log_in(runtime(), runtime().identity.get_user(user_id))
    flash(_("%(name)s has a new password and is logged out everywhere.", name=user.display_name))
    return redirect(url_for("users.index"))


@blueprint.post("/<int:user_id>/<any(activate, deactivate):act>")
@requires("users.manage")
def set_active(user_id: int, act: str) -> Response:
    """Deactivate a user (logged out at once) or bring him back."""
    runtime().identity.set_active(user_id, act == "activate")
    flash(_("The user is active again.") if act == "activate" else _("The user is inactive and logged out."))
    return redirect(url_for("users.index"))


def _form(form: forms.Form, user: User | None) -> tuple[str, int]:
    clients: list[tuple[Any, str]] = [(c.id, c.name) for c in runtime().clients.list_clients(g.actor.scope)]
    return forms.page("users/form.html", form, user=user, clients=clients)
