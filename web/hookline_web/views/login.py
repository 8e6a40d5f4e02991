"""Logging in and out."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.permissions import public, requires
from hookline_web import auth
from hookline_web.context import runtime, shell
from hookline_web.guard import local_path
from hookline_web.i18n import LANGUAGES
from hookline_web.navigation import start_address

blueprint = Blueprint("login", __name__)


@blueprint.get("/login")
@public("Nobody is logged in yet where one logs in.")
def form() -> str | Response:
    """The log-in page; `lang` picks its language."""
    if g.actor is not None:
        return redirect(start_address(g.actor))
    if (language := request.args.get("lang")) in LANGUAGES:
        session["language"] = language
    return _page()


@blueprint.post("/login")
@public("Nobody is logged in yet where one logs in.")
def enter() -> Response | tuple[str, int]:
    """Check login and password; slow down who guesses."""
    login, password = request.form.get("login", "").strip().lower()[:200], request.form.get("password", "")[:1000]
    by_login, by_address = f"login:{login}", f"address:{request.remote_addr}"
    wait = shell().throttle.wait_seconds((by_login, by_address))
    if wait:
        minutes = wait // 60 + 1
        return _page(_("Too many attempts. Wait %(minutes)s min and try again.", minutes=minutes)), 429
    user = runtime().identity.check_password(login, password)
    if user is None:
        shell().throttle.failed((by_login, by_address))
        return _page(_("Login and password do not match, or the account is not active.")), 401
    shell().throttle.succeeded(by_login)
    auth.log_in(runtime(), user)
    target = local_path(request.args.get("next"))
    return redirect(target or start_address(runtime().identity.actor(user)))


@blueprint.post("/logout")
@requires("account.use")
def leave() -> Response:
    """End this browser's session, and the shift of an agent; refused while he is in a call."""
    runtime().agents.log_out(g.user.id)
    auth.log_out()
    return redirect(url_for("login.form"))


def _page(error: str = "") -> str:
    empty = not runtime().identity.list_users()
    return render_template("login.html", error=error, login=request.form.get("login", ""), no_users=empty)
