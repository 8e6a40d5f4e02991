"""The glossary: every term, or one beside the work."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, render_template, request, url_for

from hookline.errors import NotFound
from hookline.permissions import requires
from hookline.text import N_
from hookline_web.context import shell
from hookline_web.i18n import current_language

blueprint = Blueprint("glossary", __name__)


def address() -> str:
    """The address of a term, with `%s` for its name: for linking texts."""
    return url_for("glossary.show", name="NAME").replace("NAME", "%s")


@blueprint.get("/glossary")
@requires("account.use")
def index() -> str:
    """Every term, or those in which the words asked for occur."""
    query, language, known = request.args.get("q", "").strip()[:100], current_language(), shell().glossary
    found = known.search(query, language)
    entries = [(term, known.body(term, language, "#%s" if not query else address())) for term in found]
    letters = [(letter, list(group)) for letter, group in groupby(entries, key=lambda entry: entry[0].letter)]
    return render_template("glossary/index.html", letters=letters, query=query)


@blueprint.get("/glossary/<name>")
@requires("account.use")
def show(name: str) -> str:
    """One term: for the drawer (htmx), or as a page of its own."""
    language, known = current_language(), shell().glossary
    term = known.terms(language).get(name)
    if term is None:
        raise NotFound(N_("There is no such term."), N_("Look through the glossary."))
    template = "glossary/drawer.html" if "HX-Request" in request.headers else "glossary/page.html"
    return render_template(template, term=term, body=known.body(term, language, address()))
