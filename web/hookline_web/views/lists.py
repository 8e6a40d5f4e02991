"""Contact lists: what is on them and which campaigns they feed."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline.contributions import NavigationItem
from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.custom_field_kinds import KIND_TITLES, FieldKind, FieldType
from hookline.text import N_
from hookline.validation import load
from hookline_web import countries, forms
from hookline_web.context import runtime
from hookline_web.schemas.contacts import ContactQuerySchema, ListNameSchema, ListSchema
from hookline_web.schemas.filters import readable

blueprint = Blueprint("lists", __name__, url_prefix="/lists")
NAVIGATION = (NavigationItem(N_("Contact lists"), "lists.index", "campaigns.view", "admin", "list-details", 30),)


@blueprint.get("")
@requires("campaigns.view")
def index() -> str:
    """Every list."""
    return render_template("lists/index.html", lists=runtime().lists.index(g.actor.scope))


@blueprint.get("/new")
@requires("contacts.import")
def new() -> tuple[str, int]:
    """The form of a new list."""
    return _form(forms.Form({"country": countries.usual()}))


@blueprint.post("/new")
@requires("contacts.import")
def create() -> Response | tuple[str, int]:
    """Add a list."""
    try:
        list_id = runtime().lists.create(g.actor, **load(ListSchema(), forms.posted()))
    except (InvalidInput, Conflict) as error:
        return _form(forms.Form(forms.posted(), error))
    flash(_("The list is there. Import contacts into it."))
    return redirect(url_for("lists.show", list_id=list_id))


@blueprint.get("/<int:list_id>")
@requires("campaigns.view")
def show(list_id: int) -> str:
    """One list: its contacts, campaigns and imports."""
    after = readable(ContactQuerySchema(), request.args).get("after", 0)
    scope = g.actor.scope
    return render_template(
        "lists/show.html",
        contact_list=runtime().lists.get(scope, list_id),
        page=runtime().contacts.search(g.actor, list_id=list_id, after=after),
        imports=runtime().lists.imports(scope, list_id) if g.actor.can("contacts.import") else [],
        after=after,
    )


@blueprint.post("/<int:list_id>/name")
@requires("contacts.import")
def rename(list_id: int) -> Response:
    """Give the list another name."""
    runtime().lists.rename(g.actor, list_id, load(ListNameSchema(), forms.posted())["name"])
    flash(_("The changes are saved."))
    return redirect(url_for("lists.show", list_id=list_id))


@blueprint.post("/<int:list_id>/<any(archive, restore):act>")
@requires("contacts.import")
def put_away(list_id: int, act: str) -> Response:
    """Archive a list, or take it back."""
    if act == "archive":
        runtime().lists.archive(g.actor, list_id)
        flash(_("The list is archived: it takes no contacts any more."))
    else:
        runtime().lists.restore(g.actor, list_id)
        flash(_("The list is in use again."))
    return redirect(url_for("lists.show", list_id=list_id))


@blueprint.get("/<int:list_id>/delete")
@requires("contacts.import")
def deletion(list_id: int) -> str:
    """What deleting the list means."""
    return render_template(
        "lists/delete.html",
        contact_list=runtime().lists.get(g.actor.scope, list_id),
        preview=runtime().lists.deletion(g.actor, list_id),
    )


@blueprint.post("/<int:list_id>/delete")
@requires("contacts.import")
def delete(list_id: int) -> Response:
    """Delete the list."""
    runtime().lists.delete(g.actor, list_id)
    flash(_("The list is deleted; its contacts are kept."))
    return redirect(url_for("lists.index"))


@blueprint.get("/<int:list_id>/fields")
@requires("contacts.import")
def fields(list_id: int) -> str:
    """The types of the list's custom fields."""
    row = runtime().lists.get(g.actor.scope, list_id)
    known = [line.key for line in runtime().custom_fields.fields(g.actor.scope, row.client_id)]
    types = runtime().lists.fields(g.actor, list_id)
    return render_template(
        "lists/types.html",
        contact_list=row,
        keys=sorted({*known, *types}, key=str.casefold),
        types=types,
        text=FieldType(),
        kinds=KIND_TITLES,
    )


@blueprint.post("/<int:list_id>/fields")
@requires("contacts.import")
def save_fields(list_id: int) -> Response:
    """Keep the types of the list's custom fields."""
    sent = (request.form.getlist(name) for name in ("key", "kind", "choices"))
    types = {}
    for key, kind, choices in zip(*sent, strict=False):
        if key.strip() and kind in {known.value for known in FieldKind} and kind != FieldKind.TEXT.value:
            chosen = tuple(part.strip() for part in choices.split(",") if part.strip())
            types[key.strip()] = FieldType(FieldKind(kind), chosen)
    runtime().lists.set_fields(g.actor, list_id, types)
    flash(_("The changes are saved."))
    return redirect(url_for("lists.fields", list_id=list_id))


def _form(form: forms.Form) -> tuple[str, int]:
    clients = [(c.id, c.name) for c in runtime().lists.clients(g.actor.scope)]
    return forms.page("lists/form.html", form, clients=clients, countries=countries.options())
