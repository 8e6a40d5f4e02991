"""The help drawer and the list of topics."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from hookline.permissions import requires
from hookline_web import help_topics
from hookline_web.context import shell
from hookline_web.i18n import current_language
from hookline_web.views import glossary

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
@requires("account.use")
def index() -> str:
    """All topics."""
    found = help_topics.topics(shell().help_folders, current_language())
    return render_template("help/index.html", topics=found)


@blueprint.get("/help/<topic>")
@requires("account.use")
def show(topic: str) -> str:
    """One topic: for the drawer (htmx), or as a page of its own."""
    body = help_topics.render(shell().help_folders, topic, current_language())
    body = shell().glossary.linked(body, current_language(), glossary.address())
    template = "help/drawer.html" if "HX-Request" in request.headers else "help/page.html"
    return render_template(template, topic=topic, body=body)
