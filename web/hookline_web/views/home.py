"""The front door: leads everybody to where he starts."""

from __future__ import annotations

from flask import Blueprint, g, redirect, url_for
from werkzeug.wrappers import Response

from hookline.permissions import public
from hookline_web.navigation import start_address

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@public("It only leads on: to the log-in, or to the person's own start page.")
def start() -> Response:
    """Lead to the log-in or to the start page of the person's role."""
    return redirect(start_address(g.actor) if g.actor is not None else url_for("login.form"))
