"""Imports: upload, columns put into fields with a live preview, progress, report."""

from __future__ import annotations

from typing import BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from hookline.errors import Conflict, InvalidInput
from hookline.permissions import requires
from hookline.services.imports import (
    REASONS,
    FileRefused,
    ImportRules,
    ImportState,
    MappingRefused,
    Merge,
    NewList,
    Remark,
    Report,
    rules_of,
)
from hookline.services.imports.mapping import CUSTOM, FIELDS, IGNORE
from hookline.services.imports.rows import split_tags
from hookline.services.imports.uploads import MAX_BYTES
from hookline.text import N_
from hookline.validation import load
from hookline_web import countries, forms
from hookline_web.context import runtime
from hookline_web.i18n import translated
from hookline_web.import_texts import KEY_TITLES, MERGE_TITLES, MERGED_TITLES, SCOPE_TITLES
from hookline_web.schemas.contacts import ListSchema, ReadingSchema, UploadTargetSchema

blueprint = Blueprint("imports", __name__, url_prefix="/imports")

_DELIMITERS = {",": ",", ";": ";", "tab": "\t"}
_SHOWN_LINES = 100
#: The form around the file.
_AROUND_FILE = 1024 * 1024


@blueprint.url_value_preprocessor
def take_large_files(endpoint: str | None, _values: dict[str, object] | None) -> None:
    """A list of a million contacts is larger than other uploads may be; it goes to the disk as it comes."""
    if endpoint == "imports.upload":
        request.max_content_length = MAX_BYTES + _AROUND_FILE


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
        raise InvalidInput(N_("No file was chosen."), fields={"file": [N_("Choose a CSV or Excel file.")]})
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
        shown = _preview(import_id, None)
        return render_template("imports/mapping.html", report=report, **_rules_form(report), **shown)
    if report.state is ImportState.RUNNING:
        return render_template("imports/progress.html", report=report)
    reports = runtime().import_reports
    return render_template(
        "imports/report.html",
        report=report,
        rejections=reports.rejections(g.actor, import_id, limit=_SHOWN_LINES),
        warnings=reports.warnings(g.actor, import_id, limit=_SHOWN_LINES),
    )


@blueprint.post("/<int:import_id>/cancel")
@requires("contacts.import")
def cancel(import_id: int) -> BaseResponse:
    """Stop a running import; then the person chooses whether what came in is kept."""
    runtime().imports.cancel(g.actor, import_id)
    flash(_("The import is stopped. What it wrote is kept unless you undo it."))
    return redirect(url_for("imports.show", import_id=import_id))


@blueprint.get("/<int:import_id>/undo")
@requires("contacts.import")
def undo_form(import_id: int) -> str:
    """What undoing the import would remove, and what stays and why."""
    report = runtime().import_reports.get(g.actor, import_id)
    preview = runtime().import_undo.preview(g.actor, import_id)
    return render_template("imports/undo.html", report=report, preview=preview, reasons=REASONS)


@blueprint.post("/<int:import_id>/undo")
@requires("contacts.import")
def undo(import_id: int) -> BaseResponse:
    """Undo the import."""
    removed = runtime().import_undo.undo(g.actor, import_id)
    flash(ngettext("%(num)s contact is removed.", "%(num)s contacts are removed.", removed))
    return redirect(url_for("imports.show", import_id=import_id))


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
        runtime().imports.set_rules(g.actor, import_id, sent_rules())
        runtime().imports.start(g.actor, import_id)
    except (MappingRefused, InvalidInput) as error:
        report = runtime().import_reports.get(g.actor, import_id)
        flash(translated(error.message_id, error.params), "error")
        shown = _preview(import_id, _sent_mapping())
        return render_template("imports/mapping.html", report=report, **_rules_form(report), **shown), 422
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


def sent_rules() -> ImportRules:
    """The rules as the form sends them; raises InvalidInput."""
    form = request.form
    merge = {name.removeprefix("merge-"): value for name, value in form.items() if name.startswith("merge-")}
    return rules_of(
        {
            "key": form.get("key"),
            "leave_out": form.get("leave_out"),
            "campaign_id": _whole(form.get("campaign_id", "")),
            "window_days": _whole(form.get("window_days", "")),
            "merge": {name: value for name, value in merge.items() if value != Merge.FILL.value},
            "scrub": form.get("scrub") == "true",
            "tags": split_tags(form.get("tags", "")),
        }
    )


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def rules_choices(client_id: int) -> dict[str, object]:
    """What the form of rules offers."""
    campaigns = [c for c in runtime().campaigns.list_campaigns(g.actor.scope) if c.client_id == client_id]
    return {
        "keys": [(key.value, translated(title)) for key, title in KEY_TITLES.items()],
        "scopes": [(scope.value, translated(title)) for scope, title in SCOPE_TITLES.items()],
        "campaigns": [(c.id, c.name) for c in campaigns],
        "merges": [(merge.value, translated(title)) for merge, title in MERGE_TITLES.items()],
        "merged_fields": [(name, translated(title)) for name, title in MERGED_TITLES.items()],
    }


def _rules_form(report: Report) -> dict[str, object]:
    return {"rules": report.rules, **rules_choices(report.client_id)}


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
