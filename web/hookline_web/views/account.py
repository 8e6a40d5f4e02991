"""One's own account: password and language."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from hookline.errors import HooklineError, InvalidInput
from hookline.permissions import requires
from hookline.text import N_
from hookline.validation import load
from hookline_web import auth, forms
from hookline_web.context import runtime
from hookline_web.guard import local_path
from hookline_web.i18n import LANGUAGES

blueprint = Blueprint("account", __name__, url_prefix="/account")

_REQUIRED: dict[str, Any] = {"required": N_("Fill this in.")}


class LanguageSchema(Schema):
    """The language somebody chooses."""

    language = fields.String(required=True, validate=validate.OneOf(list(LANGUAGES), error=N_("Choose from the list.")))


class PasswordSchema(Schema):
    """A new password with the present one."""

    current = fields.String(required=True, error_messages=_REQUIRED)
    password = fields.String(required=True, error_messages=_REQUIRED)
    again = fields.String(required=True, error_messages=_REQUIRED)


@blueprint.get("")
@requires("account.use")
def show() -> tuple[str, int]:
    """The account page."""
    return forms.page("account/show.html", forms.Form(), user=g.user)


@blueprint.post("/language")
@requires("account.use")
def language() -> Response:
    """Change one's language, and stay where one was."""
    chosen = load(LanguageSchema(), request.form)["language"]
    runtime().identity.set_language(g.user.id, chosen)
    return redirect(local_path(request.form.get("next")) or url_for("account.show"))


@blueprint.post("/password")
@requires("account.use")
def password() -> Response | tuple[str, int]:
    """Change one's password; sessions elsewhere end, this one goes on."""
    try:
        _change_password(load(PasswordSchema(), request.form))
    except HooklineError as error:
        return forms.page("account/show.html", forms.Form(error=error), user=g.user)
    auth.log_in(runtime(), runtime().identity.get_user(g.user.id))
    flash(_("Your password is changed. Other browsers are logged out."))
    return redirect(url_for("account.show"))


def _change_password(data: dict[str, str]) -> None:
    if runtime().identity.check_password(g.user.login, data["current"]) is None:
        text = N_("This is not your present password.")
        raise InvalidInput(text, N_("Type the one you log in with."), {"current": [text]})
    if data["password"] != data["again"]:
        text = N_("The two are not the same.")
        raise InvalidInput(text, N_("Type the new password twice."), {"again": [text]})
    runtime().identity.set_password(g.user.id, data["password"])
