"""Release sets: what was enabled when, what differs, and the way back."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from hookline.permissions import requires
from hookline.services.release_sets import Origin, Wish
from hookline.text import N_
from hookline.validation import load
from hookline_web.context import runtime, shell
from hookline_web.plugin_facts import follow
from hookline_web.views.plugins import SwitchSchema

blueprint = Blueprint("release_sets", __name__, url_prefix="/release-sets")

#: Where a set comes from where nobody was logged in.
ORIGINS = {
    "page": N_("a page"),
    "command": N_("the command line"),
    "file": N_("hookline.toml was edited"),
    "start": N_("found at the start"),
}


class PairSchema(Schema):
    """Two sets to compare."""

    old = fields.Integer(required=True)
    new = fields.Integer(required=True)


@blueprint.get("")
@requires("plugins.view")
def index() -> str:
    """The history, newest first."""
    return render_template("plugins/sets.html", views=runtime().release_sets.history(), origins=ORIGINS)


@blueprint.get("/diff")
@requires("plugins.view")
def diff() -> str:
    """What differs between two sets."""
    pair = load(PairSchema(), request.args)
    found = runtime().release_sets.diff(pair["old"], pair["new"])
    return render_template("plugins/diff.html", old=pair["old"], new=pair["new"], differences=found)


@blueprint.get("/<int:number>")
@requires("plugins.view")
def show(number: int) -> str:
    """One set, and what bringing it back would change now."""
    sets = runtime().release_sets
    row, newest = sets.get(number), sets.newest()
    back = sets.diff(newest.number, number) if newest else []
    return render_template("plugins/set.html", row=row, newest=newest, back=back, origins=ORIGINS)


@blueprint.post("/<int:number>/rollback")
@requires("plugins.manage")
def roll_back(number: int) -> Response:
    """Bring it back as a new set."""
    wish = load(SwitchSchema(), request.form)
    ask = Wish(Origin.PAGE, wish["note"], ends_calls=wish["end_calls"])
    back = runtime().plugin_changes.roll_back(g.actor, number, ask)
    follow(shell())
    flash(_("Release set %(number)s is back, as set %(new)s.", number=number, new=back.number))
    for secret in back.kept:
        flash(_("The secret %(secret)s has changed since; it stays as it is now.", secret=secret))
    return redirect(url_for("release_sets.index"))
