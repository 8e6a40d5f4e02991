"""Suppression lists: numbers never to be called."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from hookline.contributions import NavigationItem
from hookline.domain.access import Role
from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.suppression import AddReport
from hookline.services.suppression_lists import Reach
from hookline.text import N_
from hookline.validation import load
from hookline_web import countries, forms
from hookline_web.context import runtime
from hookline_web.schemas.contacts import ContactQuerySchema, ListNameSchema, SuppressionListSchema, SuppressionSchema
from hookline_web.schemas.filters import readable

blueprint = Blueprint("suppression", __name__, url_prefix="/suppression")
NAVIGATION = (
    NavigationItem(N_("Suppression lists"), "suppression.index", "suppression.view", "admin", "phone-off", 40),
)
_SIZE = 50


@blueprint.get("")
@requires("suppression.view")
def index() -> str:
    """The lists, and entries of all of them or of ?list_id=, newest first; searched by ?q=."""
    wanted = readable(ContactQuerySchema(), request.args)
    query, list_id = wanted.get("q", ""), wanted.get("list_id")
    found = runtime().suppression.search(g.actor, query, list_id=list_id, before=wanted.get("before"), limit=_SIZE + 1)
    lists = runtime().suppression_lists.index(g.actor)
    return render_template(
        "suppression/index.html",
        lists=lists,
        chosen=next((row for row in lists if row.id == list_id), None),
        entries=found[:_SIZE],
        query=query,
        next_before=found[_SIZE - 1].id if len(found) > _SIZE else None,
        first_page="before" not in wanted,
        may_change_all=g.actor.role is Role.ADMINISTRATOR,
    )


@blueprint.get("/lists/new")
@requires("suppression.manage")
def new_list() -> tuple[str, int]:
    """The form of a new list."""
    return _list_form(forms.Form())


@blueprint.post("/lists/new")
@requires("suppression.manage")
def create_list() -> BaseResponse | tuple[str, int]:
    """Add a list."""
    try:
        data = load(SuppressionListSchema(), forms.posted())
        list_id = runtime().suppression_lists.create(g.actor, data["name"], _reach(data["reach"]))
    except (InvalidInput, Conflict) as error:
        return _list_form(forms.Form(forms.posted(), error))
    flash(_("The list is there. Add numbers to it."))
    return redirect(url_for("suppression.index", list_id=list_id))


@blueprint.post("/lists/<int:list_id>/name")
@requires("suppression.manage")
def rename_list(list_id: int) -> BaseResponse:
    """Give a list another name."""
    runtime().suppression_lists.rename(g.actor, list_id, load(ListNameSchema(), forms.posted())["name"])
    flash(_("The changes are saved."))
    return redirect(url_for("suppression.index", list_id=list_id))


@blueprint.post("/lists/<int:list_id>/delete")
@requires("suppression.manage")
def delete_list(list_id: int) -> BaseResponse:
    """Delete a list with its entries."""
    count = runtime().suppression_lists.delete(g.actor, list_id)
    flash(ngettext("The list is deleted with %(num)s number.", "The list is deleted with %(num)s numbers.", count))
    return redirect(url_for("suppression.index"))


def _list_form(form: forms.Form) -> tuple[str, int]:
    return forms.page("suppression/list_form.html", form, reaches=_reaches())


@blueprint.get("/new")
@requires("suppression.manage")
def new() -> tuple[str, int]:
    """The form for adding numbers."""
    asked = {"numbers": request.args.get("numbers", ""), "list_id": request.args.get("list_id", "")}
    return _form(forms.Form({"country": countries.usual(), **asked}))


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


def _add(data: dict[str, Any]) -> AddReport:
    rest = {name: data[name] for name in ("country", "reason", "source")}
    if (last_day := data["expires"]) is not None:
        # Through the whole of that day.
        rest["expires_at"] = datetime.combine(last_day + timedelta(days=1), time(), UTC)
    into = data["list_id"] or _reach(data["reach"])
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return runtime().suppression.add_file(g.actor, cast(BinaryIO, sent.stream), into, **rest)
    return runtime().suppression.add_text(g.actor, data["numbers"], into, **rest)


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
    list_id = readable(ContactQuerySchema(), request.args).get("list_id")
    pieces = runtime().suppression.export_csv(g.actor, list_id=list_id)
    response = Response(stream_with_context(pieces), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="suppression-list.csv"'
    return response


def _form(form: forms.Form, report: AddReport | None = None) -> tuple[str, int]:
    lists = [
        (row.id, f"{row.name} ({row.campaign_name or row.client_name or _('every client')})")
        for row in runtime().suppression_lists.index(g.actor)
        if row.reach.client_id is not None or g.actor.role is Role.ADMINISTRATOR
    ]
    return forms.page(
        "suppression/form.html",
        form,
        lists=lists,
        reaches=[] if lists else _reaches(),
        countries=countries.options(),
        report=report,
        summary=added_text(report) if report else "",
    )


def _reaches() -> list[tuple[str, str]]:
    scope = g.actor.scope
    options = [("everywhere", _("Every client (the whole installation)"))] if g.actor.role is Role.ADMINISTRATOR else []
    clients = {client.id: client.name for client in runtime().lists.clients(scope)}
    options += [(f"client-{client_id}", _("Client: %(name)s", name=name)) for client_id, name in clients.items()]
    return options + [
        (f"campaign-{c.id}", _("Campaign: %(name)s (%(client)s)", name=c.name, client=clients.get(c.client_id, "–")))
        for c in runtime().campaigns.list_campaigns(scope)
    ]
