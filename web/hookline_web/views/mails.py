"""Mails: what was sent, what waits and why."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.permissions import requires
from hookline.services.keyset import Cursor
from hookline.text import N_
from hookline_web import labels
from hookline_web.context import runtime
from hookline_web.schemas.filters import CursorSchema, MailFilterSchema, readable

blueprint = Blueprint("mails", __name__, url_prefix="/mails")
NAVIGATION = (NavigationItem(N_("Mails"), "mails.index", "mail.manage", "admin", "mail", 86),)


@blueprint.get("")
@requires("mail.manage")
def index() -> str:
    """The queue, newest first."""
    mail = runtime().mail
    wanted = readable(MailFilterSchema(), request.args)
    return render_template(
        "mails/index.html",
        page=mail.log.lines(g.actor, Cursor(**readable(CursorSchema(), request.args)), **wanted),
        wanted=wanted,
        states=labels.choices(labels.MAIL_STATES),
        configured=mail.configured,
        waiting=mail.log.waiting(g.actor),
    )


@blueprint.post("/<int:mail_id>/again")
@requires("mail.manage")
def try_again(mail_id: int) -> Response:
    """Queue a given-up mail again."""
    runtime().mail.log.try_again(g.actor, mail_id)
    flash(_("The mail waits to be sent again."))
    return redirect(url_for("mails.index"))
