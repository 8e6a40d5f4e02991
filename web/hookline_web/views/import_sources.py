"""Import sources: folders and addresses that are looked at on a schedule."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.imports import ImportRules
from hookline.services.imports.mapping import FIELDS
from hookline.services.imports.sources import FOLDER, URL, SourceDraft, SourceRow
from hookline.text import N_
from hookline.validation import load
from hookline_web import forms
from hookline_web.context import runtime
from hookline_web.views.imports import rules_choices, sent_rules

blueprint = Blueprint("import_sources", __name__, url_prefix="/imports/sources")


class _Source(Schema):
    name = fields.String(load_default="")
    kind = fields.String(load_default=FOLDER)
    location = fields.String(load_default="")
    list_id = fields.Integer(
        required=True, error_messages={"required": N_("Fill this in."), "invalid": N_("Choose from the list.")}
    )
    every_minutes = fields.Integer(
        load_default=60, error_messages={"invalid": N_("Write a number of minutes from 1 to 10080.")}
    )
    active = fields.Boolean(load_default=False)
    mapping = fields.String(load_default="", validate=validate.Length(max=5_000, error=N_("This is too long.")))


@blueprint.get("")
@requires("contacts.import")
def index() -> str:
    """Every source and what came of it last."""
    return render_template("import_sources/index.html", sources=runtime().import_sources.index(g.actor))


@blueprint.get("/new")
@requires("contacts.import")
def new() -> tuple[str, int]:
    """The form of a new source."""
    return _form(forms.Form({"kind": FOLDER, "every_minutes": 60, "active": True}), ImportRules())


@blueprint.post("/new")
@requires("contacts.import")
def create() -> Response | tuple[str, int]:
    """Add a source."""
    return _save(None)


@blueprint.get("/<int:source_id>")
@requires("contacts.import")
def edit(source_id: int) -> tuple[str, int]:
    """The form of a source."""
    row = runtime().import_sources.get(g.actor, source_id)
    return _form(forms.Form(_values(row)), row.rules, row)


@blueprint.post("/<int:source_id>")
@requires("contacts.import")
def change(source_id: int) -> Response | tuple[str, int]:
    """Change a source."""
    return _save(source_id)


@blueprint.post("/<int:source_id>/look")
@requires("contacts.import")
def look(source_id: int) -> Response:
    """Look at the source now."""
    taken = runtime().import_sources.look_now(g.actor, source_id)
    flash(ngettext("%(num)s file was taken.", "%(num)s files were taken.", taken))
    return redirect(url_for("import_sources.index"))


@blueprint.post("/<int:source_id>/delete")
@requires("contacts.import")
def delete(source_id: int) -> Response:
    """Forget the source."""
    runtime().import_sources.delete(g.actor, source_id)
    flash(_("The source is deleted; what it brought in is kept."))
    return redirect(url_for("import_sources.index"))


def _save(source_id: int | None) -> Response | tuple[str, int]:
    rules = ImportRules()
    try:
        rules = sent_rules()
        data = load(_Source(), forms.posted())
        draft = SourceDraft(**{**data, "mapping": _mapping(data["mapping"])}, rules=rules)
        runtime().import_sources.save(g.actor, draft, source_id)
    except (InvalidInput, Conflict) as error:
        row = runtime().import_sources.get(g.actor, source_id) if source_id is not None else None
        return _form(forms.Form(forms.posted(), error), rules, row)
    flash(_("The changes are saved. The source is looked at within a minute."))
    return redirect(url_for("import_sources.index"))


def _mapping(text: str) -> dict[str, str]:
    """One "header = field" in each line."""
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    mapping = {header.strip(): name.strip() for header, _sign, name in pairs}
    if any(not header or not name for header, name in mapping.items()):
        raise InvalidInput(
            N_("Some fields need another look."),
            N_("Mend the marked fields and send again."),
            {"mapping": [N_("Write one “header = field” in each line.")]},
        )
    return mapping


def _values(row: SourceRow) -> dict[str, Any]:
    mapping = "\n".join(f"{header} = {name}" for header, name in row.mapping.items())
    return {**{name: getattr(row, name) for name in _Source().fields if name != "mapping"}, "mapping": mapping}


def _form(form: forms.Form, rules: ImportRules, row: SourceRow | None = None) -> tuple[str, int]:
    lists = runtime().lists.index(g.actor.scope)
    list_id = form.value("list_id")
    client_id = next((one.client_id for one in lists if str(one.id) == str(list_id)), 0)
    return forms.page(
        "import_sources/form.html",
        form,
        row=row,
        rules=rules,
        lists=[(one.id, f"{one.client_name}: {one.name}") for one in lists if one.archived_at is None],
        kinds=[(FOLDER, _("A folder below the inbox")), (URL, _("An address (https)"))],
        inbox=str(runtime().import_sources.inbox),
        field_names=", ".join((*FIELDS, "custom:…", "ignore")),
        token=request.endpoint,
        **rules_choices(client_id),
    )
