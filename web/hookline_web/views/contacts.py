"""Contacts: search, and each one's page with numbers, standing, history and the plugins' tabs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from zoneinfo import available_timezones

from flask import Blueprint, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.db.models import Campaign
from hookline.domain.campaigns import CampaignState
from hookline.errors import Conflict, HooklineError, InvalidInput, NotPermitted
from hookline.permissions import requires
from hookline.services.contact_search import ContactFilters
from hookline.services.contact_views import ContactView
from hookline.services.contacts import EDITABLE
from hookline.services.csv_cells import write_rows
from hookline.services.data.subjects import SubjectQuery
from hookline.services.exports_workbook import XLSX, workbook
from hookline.services.imports.rows import split_tags
from hookline.services.suppression_lists import Reach
from hookline.text import N_
from hookline.validation import load
from hookline_web import forms
from hookline_web.context import runtime
from hookline_web.i18n import explain
from hookline_web.schemas.contacts import CallNumberSchema, ContactQuerySchema, NumberSchema
from hookline_web.schemas.filters import readable

blueprint = Blueprint("contacts", __name__, url_prefix="/contacts")
NAVIGATION = (NavigationItem(N_("Contacts"), "contacts.index", "contacts.view", "work", "users", 40),)

_CUSTOM = "custom-"
_MOST_CUSTOM = 100
_HISTORY = 25


@blueprint.get("")
@requires("contacts.view")
def index() -> str:
    """Contacts that fit ?q=, within the person's scope."""
    wanted = readable(ContactQuerySchema(), request.args)
    query, client_id, tag = wanted.get("q", ""), wanted.get("client_id"), wanted.get("tag", "")
    return render_template(
        "contacts/index.html",
        page=runtime().contacts.search(g.actor, query, client_id=client_id, tag=tag, after=wanted.get("after", 0)),
        query=query,
        client_id=client_id,
        tag=tag,
        tags=runtime().contacts.tags(g.actor),
        clients=runtime().lists.clients(g.actor.scope),
        first_page="after" not in wanted,
    )


@blueprint.get("/export.<any(csv, xlsx):kind>")
@requires("results.export")
def export(kind: str) -> Response:
    """The contacts that fit the list's filters, as a file."""
    wanted = readable(ContactQuerySchema(), request.args)
    filters = ContactFilters(
        wanted.get("client_id"), wanted.get("list_id"), tag=wanted.get("tag", ""), query=wanted.get("q", "")
    )
    rows = runtime().contact_export.rows(g.actor, filters)
    if kind == "xlsx":
        answer = Response(stream_with_context(workbook(rows)), mimetype=XLSX)
    else:
        answer = Response(stream_with_context(write_rows(rows, ",", bom=True)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="contacts.{kind}"'
    return answer


@blueprint.get("/<int:contact_id>")
@requires("contacts.view")
def show(contact_id: int) -> tuple[str, int]:
    """One contact."""
    return _page(contact_id, forms.Form())


@blueprint.get("/<int:contact_id>/history")
@requires("contacts.view")
def history(contact_id: int) -> str:
    """More of the contact's history, older than ?before=."""
    before = readable(ContactQuerySchema(), request.args).get("before")
    found = runtime().contact_history.of(g.actor, contact_id, before, _HISTORY)
    return render_template("contacts/history.html", history=found, contact_id=contact_id, size=_HISTORY)


@blueprint.post("/<int:contact_id>/numbers/<int:number_id>/call")
@requires("desk.use")
def call_number(contact_id: int, number_id: int) -> Response:
    """Dial the number, through the same gate as every call, and go to the desk."""
    campaign_id = load(CallNumberSchema(), request.form)["campaign_id"]
    runtime().contacts.get(g.actor, contact_id)  # within reach
    try:
        runtime().work.dial_contact(g.actor, campaign_id, contact_id, number_id)
    except HooklineError as error:
        flash(" ".join(explain(error)), "error")
        return redirect(url_for("contacts.show", contact_id=contact_id))
    return redirect(url_for("desk.show"))


@blueprint.get("/<int:contact_id>/edit")
@requires("contacts.edit")
def edit(contact_id: int) -> tuple[str, int]:
    """The form of a contact."""
    view = runtime().contacts.get(g.actor, contact_id)
    if not view.may_edit:
        raise NotPermitted(
            N_("You are not permitted to change this contact."), N_("Ask your administrator for the grant.")
        )
    stored = {name: getattr(view.contact, name) for name in EDITABLE}
    return _edit_form(view, forms.Form(stored), view.contact.custom)


@blueprint.post("/<int:contact_id>/edit")
@requires("contacts.edit")
def change(contact_id: int) -> Response | tuple[str, int]:
    """Change the contact's fields."""
    view = runtime().contacts.get(g.actor, contact_id)
    sent = forms.posted()
    custom = _sent_custom()
    try:
        changes = {n: v for n, v in sent.items() if n in EDITABLE}
        runtime().contacts.edit(g.actor, contact_id, changes, custom, seen=_seen(sent.get("seen", "")))
    except (InvalidInput, Conflict) as error:
        return _edit_form(view, forms.Form(sent, error), custom, isinstance(error, Conflict))
    flash(_("The changes are saved."))
    return redirect(url_for("contacts.show", contact_id=contact_id))


def _seen(text: str) -> datetime | None:
    """The moment of the contact's last change as the form had it."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


@blueprint.get("/<int:contact_id>/file.json")
@requires("data.export")
def persons_file(contact_id: int) -> Response:
    """Everything that is held of this person (GDPR art. 15 and 20), of every holder, as a file."""
    view = runtime().contacts.get(g.actor, contact_id)
    scope = replace(g.actor.scope, clients=frozenset({view.contact.client_id}))
    subject = runtime().data_subjects.subject(scope, SubjectQuery(contact_id=contact_id))
    parts = runtime().data_register.export(replace(g.actor, scope=scope), subject)
    told = {
        "made_at": runtime().clock.now().isoformat(),
        "not_reached": runtime().data_register.missing(),
        "holders": [
            {"holder": part.holder.name, "records": [{"table": r.table, "data": dict(r.data)} for r in part.records]}
            for part in parts
        ],
    }
    answer = Response(json.dumps(told, ensure_ascii=False, indent=2, default=str), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="contact-{contact_id}.json"'
    return answer


@blueprint.post("/<int:contact_id>/tags")
@requires("contacts.edit")
def tag(contact_id: int) -> Response | tuple[str, int]:
    """File the contact under the tags that were sent."""
    try:
        runtime().contacts.set_tags(g.actor, contact_id, split_tags(request.form.get("tags", "")))
    except InvalidInput as error:
        return _page(contact_id, forms.Form(forms.posted(), error))
    flash(_("The changes are saved."))
    return redirect(url_for("contacts.show", contact_id=contact_id))


@blueprint.post("/<int:contact_id>/numbers/<int:number_id>/suppress")
@requires("suppression.manage")
def suppress(contact_id: int, number_id: int) -> Response:
    """Put a number of the contact on its client's first suppression list."""
    view = runtime().contacts.get(g.actor, contact_id)
    number = next((n.e164 for n in view.contact.numbers if n.id == number_id), "")
    reach = Reach(view.contact.client_id)
    runtime().suppression.add(
        g.actor, [number], reach, country="PL", reason=_("asked not to be called"), source=_("contact page")
    )
    flash(_("The number is suppressed; nobody calls it for this client any more."))
    return redirect(url_for("contacts.show", contact_id=contact_id))


@blueprint.post("/<int:contact_id>/numbers")
@requires("contacts.edit")
def add_number(contact_id: int) -> Response | tuple[str, int]:
    """Add a number to the contact."""
    try:
        number = load(NumberSchema(), forms.posted())["number"]
        runtime().contacts.add_number(g.actor, contact_id, number)
    except (InvalidInput, Conflict) as error:
        return _page(contact_id, forms.Form(forms.posted(), _at_number(error)))
    flash(_("The number is added."))
    return redirect(url_for("contacts.show", contact_id=contact_id))


def _at_number(error: HooklineError) -> InvalidInput:
    """The refusal as a message at the number's field, in the reader's language."""
    message, advice = explain(error)
    fields = error.fields if isinstance(error, InvalidInput) and error.fields else {"number": [message]}
    return InvalidInput(message, advice, fields)


@blueprint.post("/<int:contact_id>/numbers/<int:number_id>/<any(remove, wrong, valid):act>")
@requires("contacts.edit")
def change_number(contact_id: int, number_id: int, act: str) -> Response:
    """Take a number away, or mark it wrong or valid."""
    if act == "remove":
        runtime().contacts.remove_number(g.actor, contact_id, number_id)
    else:
        runtime().contacts.set_number_state(g.actor, contact_id, number_id, act == "valid")
    flash(_("The number is removed.") if act == "remove" else _("The changes are saved."))
    return redirect(url_for("contacts.show", contact_id=contact_id))


def _page(contact_id: int, form: forms.Form) -> tuple[str, int]:
    view = runtime().contacts.get(g.actor, contact_id)
    return forms.page(
        "contacts/show.html",
        form,
        view=view,
        contact=view.contact,
        history=runtime().contact_history.of(g.actor, contact_id, limit=_HISTORY),
        contact_id=contact_id,
        size=_HISTORY,
        callable_in=_callable_in(view),
    )


def _callable_in(view: ContactView) -> list[Campaign]:
    """Campaigns in which the person may dial the contact by hand, those first that have him."""
    if not g.actor.can("desk.use"):
        return []
    in_it = {standing.campaign_id for standing in view.standings}
    found = [
        campaign
        for campaign in runtime().agents.campaigns_for(g.actor)
        if campaign.state == CampaignState.RUNNING
        and campaign.direction == "outbound"
        and campaign.client_id == view.contact.client_id
        and g.actor.grant(campaign.id).dial_by_hand
    ]
    return sorted(found, key=lambda campaign: campaign.id not in in_it)


def _edit_form(view: ContactView, form: forms.Form, custom: dict[str, str], overtaken: bool = False) -> tuple[str, int]:
    zones = sorted(zone for zone in available_timezones() if "/" in zone)
    shown = {**dict.fromkeys(view.field_types, ""), **custom}
    return forms.page(
        "contacts/form.html", form, view=view, contact=view.contact, custom=shown, zones=zones, overtaken=overtaken
    )


def _sent_custom() -> dict[str, str]:
    """Custom fields from "custom-<name>" fields, and a new one from "custom_name" and "custom_value"."""
    sent = {name.removeprefix(_CUSTOM): value for name, value in request.form.items() if name.startswith(_CUSTOM)}
    if new_name := request.form.get("custom_name", "").strip():
        sent[new_name] = request.form.get("custom_value", "")
    if len(sent) > _MOST_CUSTOM or any(len(name) > 60 or len(value) > 1000 for name, value in sent.items()):
        raise InvalidInput(N_("A custom field is too long, or there are too many."))
    return sent
