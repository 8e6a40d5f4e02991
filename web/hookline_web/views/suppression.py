"""The suppression list: numbers never to be called."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from hookline.contributions import NavigationItem
from hookline.domain.access import Role
from hookline.errors import InvalidInput
from hookline.permissions import requires
from hookline.services.suppression import AddReport
from hookline.services.suppression_lists import Reach
from hookline.text import N_
from hookline.validation import load
from hookline_web import countries, forms
from hookline_web.context import runtime
from hookline_web.schemas.contacts import ContactQuerySchema, SuppressionSchema
from hookline_web.schemas.filters import readable

blueprint = Blueprint("suppression", __name__, url_prefix="/suppression")
NAVIGATION = (
    NavigationItem(N_("Suppression list"), "suppression.index", "suppression.view", "admin", "phone-off", 40),
)
_SIZE = 50


@blueprint.get("")
@requires("suppression.view")
def index() -> str:
    """Entries, newest first; searched by ?q=."""
    wanted = readable(ContactQuerySchema(), request.args)
    query = wanted.get("q", "")
    found = runtime().suppression.search(g.actor, query, before=wanted.get("before"), limit=_SIZE + 1)
    return render_template(
        "suppression/index.html",
        entries=found[:_SIZE],
        query=query,
        next_before=found[_SIZE - 1].id if len(found) > _SIZE else None,
        first_page="before" not in wanted,
        may_change_all=g.actor.role is Role.ADMINISTRATOR,
    )


@blueprint.get("/new")
@requires("suppression.manage")
def new() -> tuple[str, int]:
    """The form for adding numbers."""
    return _form(forms.Form({"country": countries.usual(), "numbers": request.args.get("numbers", "")}))


@blueprint.post("/new")
@requires("suppression.manage")
def create() -> BaseResponse | tuple[str, int]:
    """Add numbers, pasted or from a file."""
    try:
        report = _add(load(SuppressionSchema(), forms.posted()))
    except InvalidInput as error:
        return _form(forms.Form(forms.posted(), error))
    if report.unread:
        return _form(forms.Form({**forms.posted(), "numbers": ""}), report)
    flash(added_text(report))
    return redirect(url_for("suppression.index"))


def _add(data: dict[str, str]) -> AddReport:
    reach = _reach(data["reach"])
    rest = {name: data[name] for name in ("country", "reason", "source")}
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return runtime().suppression.add_file(g.actor, cast(BinaryIO, sent.stream), reach, **rest)
    return runtime().suppression.add_text(g.actor, data["numbers"], reach, **rest)


def _reach(text: str) -> Reach:
    kind, _dash, number = text.partition("-")
    if kind == "campaign":
        return Reach(runtime().campaigns.get(g.actor.scope, int(number)).client_id, int(number))
    return Reach(int(number)) if kind == "client" else Reach()


def added_text(report: AddReport) -> str:
    """What became of the numbers, in one line."""
    added = ngettext("%(num)s number added.", "%(num)s numbers added.", report.added)
    if not report.already_there:
        return str(added)
    there = ngettext("%(num)s was there already.", "%(num)s were there already.", report.already_there)
    return f"{added} {there}"


@blueprint.post("/<int:entry_id>/remove")
@requires("suppression.manage")
def remove(entry_id: int) -> BaseResponse:
    """Take an entry off the list."""
    entry = runtime().suppression.remove(g.actor, entry_id)
    flash(_("%(number)s may be called again.", number=entry.e164))
    return redirect(url_for("suppression.index"))


@blueprint.get("/export.csv")
@requires("suppression.view")
def export_csv() -> Response:
    """Every entry as a file."""
    response = Response(stream_with_context(runtime().suppression.export_csv(g.actor)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="suppression-list.csv"'
    return response


def _form(form: forms.Form, report: AddReport | None = None) -> tuple[str, int]:
    scope = g.actor.scope
    options = [("everywhere", _("Every client (the whole installation)"))] if g.actor.role is Role.ADMINISTRATOR else []
    clients = {client.id: client.name for client in runtime().lists.clients(scope)}
    options += [(f"client-{client_id}", _("Client: %(name)s", name=name)) for client_id, name in clients.items()]
    options += [
        (f"campaign-{c.id}", _("Campaign: %(name)s (%(client)s)", name=c.name, client=clients.get(c.client_id, "–")))
        for c in runtime().campaigns.list_campaigns(scope)
    ]
    return forms.page(
        "suppression/form.html",
        form,
        reaches=options,
        countries=countries.options(),
        report=report,
        summary=added_text(report) if report else "",
    )
