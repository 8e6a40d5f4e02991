"""Imports: upload, columns put into fields with a live preview, progress, report."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.imports import FileRefused, ImportState, MappingRefused, NewList, Remark
from hookline.services.imports.mapping import CUSTOM, FIELDS, IGNORE
from hookline.text import N_
from hookline.validation import load
from hookline_web import countries, forms
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.schemas.contacts import ListSchema, ReadingSchema, UploadTargetSchema

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

_DELIMITERS = {",": ",", ";": ";", "tab": "\t"}
_SHOWN_LINES = 100


@blueprint.get("/new")
@requires("contacts.import")
def new() -> tuple[str, int]:
    """The form of an upload."""
    list_id = request.args.get("list_id", "")
    return _upload_form(forms.Form({"list_id": list_id, "country": countries.usual()}))


@blueprint.post("/new")
@requires("contacts.import")
def upload() -> BaseResponse | tuple[str, int]:
    """Take a file in; it is looked at at once."""
    try:
        stream, name = _sent_file()
        import_id = runtime().imports.upload(g.actor, stream, name, _target())
    except (InvalidInput, Conflict) as error:
        return _upload_form(forms.Form(forms.posted(), error))
    return redirect(url_for("imports.show", import_id=import_id))


def _sent_file() -> tuple[BinaryIO, str]:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidInput(N_("No file was chosen."), fields={"file": [N_("Choose a CSV file.")]})
    return cast(BinaryIO, sent.stream), sent.filename


def _target() -> int | NewList:
    list_id: int | None = load(UploadTargetSchema(), {"list_id": request.form.get("list_id") or None})["list_id"]
    return list_id if list_id is not None else NewList(**load(ListSchema(), forms.posted()))


def _upload_form(form: forms.Form) -> tuple[str, int]:
    scope = g.actor.scope
    return forms.page(
        "imports/new.html",
        form,
        lists=[(row.id, f"{row.client_name}: {row.name}") for row in runtime().lists.index(scope)],
        clients=[(client.id, client.name) for client in runtime().lists.clients(scope)],
        countries=countries.options(),
    )


@blueprint.get("/<int:import_id>")
@requires("contacts.import")
def show(import_id: int) -> str:
    """The import as it stands: its columns to be mapped, its progress, or its report."""
    report = runtime().import_reports.get(g.actor, import_id)
    if report.state is ImportState.UPLOADED:
        return render_template("imports/mapping.html", report=report, **_preview(import_id, None))
    if report.state is ImportState.RUNNING:
        return render_template("imports/progress.html", report=report)
    reports = runtime().import_reports
    return render_template(
        "imports/report.html",
        report=report,
        rejections=reports.rejections(g.actor, import_id, limit=_SHOWN_LINES),
        warnings=reports.warnings(g.actor, import_id, limit=_SHOWN_LINES),
    )


@blueprint.post("/<int:import_id>/preview")
@requires("contacts.import")
def preview(import_id: int) -> str:
    """The first rows with the columns as they are chosen in the form now."""
    return render_template("imports/preview.html", **_preview(import_id, _sent_mapping()))


@blueprint.post("/<int:import_id>/reread")
@requires("contacts.import")
def reread(import_id: int) -> BaseResponse:
    """Look at the file again with another separator, or with or without a header."""
    chosen = load(ReadingSchema(), forms.posted())
    try:
        runtime().imports.reread(
            g.actor,
            import_id,
            delimiter=_DELIMITERS.get(chosen["delimiter"] or ""),
            has_header=chosen["has_header"],
        )
    except FileRefused as error:
        flash(translated(error.message_id, error.params), "error")
    return redirect(url_for("imports.show", import_id=import_id))


@blueprint.post("/<int:import_id>/start")
@requires("contacts.import")
def start(import_id: int) -> BaseResponse | tuple[str, int]:
    """Begin the import with the columns as they are chosen."""
    try:
        runtime().imports.set_mapping(g.actor, import_id, _sent_mapping())
        runtime().imports.start(g.actor, import_id)
    except MappingRefused:
        report = runtime().import_reports.get(g.actor, import_id)
        return render_template("imports/mapping.html", report=report, **_preview(import_id, _sent_mapping())), 422
    return redirect(url_for("imports.show", import_id=import_id))


@blueprint.post("/<int:import_id>/discard")
@requires("contacts.import")
def discard(import_id: int) -> BaseResponse:
    """Throw the upload away."""
    runtime().imports.discard(g.actor, import_id)
    flash(_("The file is deleted; nothing was imported."))
    return redirect(url_for("lists.index"))


@blueprint.get("/<int:import_id>/progress")
@requires("contacts.import")
def progress(import_id: int) -> str | Response:
    """The progress bar; when the import has ended, the page is loaded anew and shows the report."""
    report = runtime().import_reports.get(g.actor, import_id)
    if report.state is not ImportState.RUNNING:
        return Response(headers={"HX-Refresh": "true"})
    return render_template("imports/bar.html", report=report)


@blueprint.get("/<int:import_id>/rejected.csv")
@requires("contacts.import")
def rejected_csv(import_id: int) -> Response:
    """The rejected rows as a file to be mended."""
    report = runtime().import_reports.get(g.actor, import_id)
    pieces = runtime().import_reports.rejected_csv(g.actor, report.id, _in_readers_language)
    response = Response(stream_with_context(pieces), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="rejected-rows-{report.id}.csv"'
    return response


def _in_readers_language(remark: Remark) -> str:
    return translated(remark.message, remark.params)


def _sent_mapping() -> dict[int, str]:
    """Column position to field from "column-<position>" fields; what else is in the form is not looked at."""
    mapping = {}
    for name, value in request.form.items():
        prefix, _dash, position = name.partition("-")
        if prefix == "column" and position.isascii() and position.isdigit() and len(position) < 6:
            mapping[int(position)] = value
    return mapping


def _preview(import_id: int, mapping: dict[int, str] | None) -> dict[str, object]:
    shown = runtime().imports.preview(g.actor, import_id, mapping)
    labels = [label or _("Column %(number)s", number=n) for n, label in enumerate(shown.dialect.columns, start=1)]
    return {
        "import_id": import_id,
        "preview": shown,
        "labels": labels,
        "fields": [(name, translated(title)) for name, title in FIELDS.items()],
        "custom": [_custom_name(label, number) for number, label in enumerate(labels, start=1)],
        "ignore": IGNORE,
    }


def _custom_name(label: str, number: int) -> str:
    """The custom field that a column may become, named by its header as far as names allow."""
    name = "".join(c for c in label.removeprefix(CUSTOM) if c.isalnum() or c in " _.-/()").strip(" _.-/()")[:60]
    return f"{CUSTOM}{name or number}"
