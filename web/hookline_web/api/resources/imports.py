"""Imports of contact lists: a file is sent, its columns are mapped, the import runs in the background."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from hookline.api import ApiCreated, ApiDownload, ApiOperation, ApiPage, ApiRequest, ApiResource, Upload, row_id, text
from hookline.services.imports import Key, Merge, NewList, Scope, UndoPreview, rules_of
from hookline.services.imports.errors import Remark
from hookline.services.imports.model import Report, ReportLine
from hookline.text import N_
from hookline_web.context import runtime
from hookline_web.i18n import translated


class ImportSchema(Schema):
    """An import: `imported` + `merged` + `rejected` = `done`, and `total` in the end."""

    id = fields.Integer(required=True)
    client_id = fields.Integer(required=True)
    list_id = fields.Integer(required=True)
    file_name = fields.String(required=True)
    state = fields.String(
        required=True, metadata={"description": "uploaded, running, done, failed, cancelled or undone."}
    )
    total = fields.Integer(required=True)
    done = fields.Integer(required=True)
    imported = fields.Integer(required=True)
    merged = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    duplicates = fields.Integer(required=True, metadata={"description": "Of the rejected: known already."})
    suppressed = fields.Integer(required=True, metadata={"description": "Of the rejected: on a suppression list."})
    removed = fields.Integer(required=True, metadata={"description": "Contacts that undoing it removed."})
    warnings = fields.Integer(required=True, metadata={"description": "Remarks on rows that were imported."})
    error = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    finished_at = fields.AwareDateTime(required=True, allow_none=True)
    undone_at = fields.AwareDateTime(required=True, allow_none=True)


class ImportRulesSchema(Schema):
    """What becomes of rows about contacts that the client knows."""

    key = fields.Enum(Key, by_value=True, metadata={"description": "By what a contact is known."})
    leave_out = fields.Enum(Scope, by_value=True, metadata={"description": "Known where: such rows are left out."})
    campaign_id = row_id(allow_none=True)
    window_days = fields.Integer(allow_none=True, validate=validate.Range(1, 3650))
    merge = fields.Dict(
        keys=text(20, least=1),
        values=fields.Enum(Merge, by_value=True),
        metadata={"description": "Field to keep, fill, overwrite or append; fields left out are filled where empty."},
    )
    scrub = fields.Boolean(metadata={"description": "Leave out numbers on suppression lists (default)."})
    tags = fields.List(text(60, least=1), validate=validate.Length(max=50))


class UndoPreviewSchema(Schema):
    """What undoing would do."""

    removable = fields.Integer(required=True)
    staying = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "By reason: called, changed, other_list, in_use."},
    )
    unlisted = fields.Integer(
        required=True, metadata={"description": "Contacts from before, which leave the list only."}
    )


class ImportQuerySchema(Schema):
    """Which imports."""

    list_id = row_id(sent_as_text=True)


class NewImportSchema(Schema):
    """A CSV file or workbook, and its list: by `list_id`, or made with it (`client_id`, `list_name`, `country`)."""

    file = Upload(required=True)
    list_id = row_id(sent_as_text=True)
    client_id = row_id(sent_as_text=True)
    list_name = text(120, least=1)
    country = text(2, least=2, metadata={"description": "ISO 3166: of numbers without a prefix."})

    @validates_schema
    def _goes_somewhere(self, data: dict[str, Any], **_kwargs: Any) -> None:
        new = {"client_id", "list_name", "country"}
        if ("list_id" in data) == bool(new & set(data)):
            raise ValidationError(N_("Name a list by list_id, or a new one by client_id, list_name and country."))
        if "list_id" not in data and not new <= set(data):
            raise ValidationError(N_("A new list needs client_id, list_name and country."))


class ImportMappingSchema(Schema):
    """Which column goes into which field."""

    mapping = fields.Dict(
        keys=fields.Integer(validate=validate.Range(0, 1000)),
        values=text(80, least=1),
        required=True,
        metadata={
            "description": "Column, from 0, to phone, phone2, phone3, external_id, first_name, …, custom:<name>."
        },
    )


class ImportPreviewRowSchema(Schema):
    """A row as it would come in; rejected where it has no phone."""

    number = fields.Integer(required=True, metadata={"description": "Of the row in the file, from 1."})
    cells = fields.List(fields.String(), required=True)
    phones = fields.List(fields.String(), required=True)
    remarks = fields.List(fields.String(), required=True)


class ImportPreviewSchema(Schema):
    """How the file is read, and its first rows."""

    columns = fields.List(fields.String(), required=True)
    delimiter = fields.String(required=True)
    has_header = fields.Boolean(required=True)
    mapping = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    rows = fields.List(fields.Nested(ImportPreviewRowSchema), required=True)
    total = fields.Integer(required=True)
    notices = fields.List(fields.String(), required=True)
    problem = fields.String(required=True, allow_none=True, metadata={"description": "Why it cannot start so."})


class ImportLineSchema(Schema):
    """A row that was rejected, or a remark on one that was imported."""

    row_number = fields.Integer(required=True)
    remark = fields.String(required=True)
    cells = fields.List(fields.String(), required=True, metadata={"description": "Of a rejected row."})


def list_imports(request: ApiRequest) -> ApiPage:
    """A page of imports."""
    page = runtime().feeds.imports(request.actor, request.after, request.limit, **request.query)
    return ApiPage(page.rows, page.next)


def add_import(request: ApiRequest) -> ApiCreated:
    """Send a file."""
    sent = request.body
    target = sent.get("list_id") or NewList(sent["client_id"], sent["list_name"], sent["country"])
    file = sent["file"]
    import_id = runtime().imports.upload(request.actor, file.stream, file.filename or "upload.csv", target)
    return ApiCreated(import_id, f"/{import_id}")


def get_import(request: ApiRequest) -> Report:
    """One import."""
    return runtime().import_reports.get(request.actor, request.path["import_id"])


def discard_import(request: ApiRequest) -> None:
    """Throw an import away that was not started."""
    runtime().imports.discard(request.actor, request.path["import_id"])


def preview_import(request: ApiRequest) -> dict[str, Any]:
    """How the file is read."""
    found = runtime().imports.preview(request.actor, request.path["import_id"])
    rows = [{**vars(row), "remarks": [_shown(r) for r in row.remarks]} for row in found.rows]
    return {
        "columns": found.dialect.columns,
        "delimiter": found.dialect.delimiter,
        "has_header": found.dialect.has_header,
        "mapping": {str(position): name for position, name in found.mapping.items()},
        "rows": rows,
        "total": found.total,
        "notices": [_shown(remark) for remark in found.notices],
        "problem": _shown(found.problem) if found.problem else None,
    }


def map_import(request: ApiRequest) -> dict[str, Any]:
    """Map the columns."""
    runtime().imports.set_mapping(request.actor, request.path["import_id"], request.body["mapping"])
    return preview_import(request)


def start_import(request: ApiRequest) -> None:
    """Start the import."""
    runtime().imports.start(request.actor, request.path["import_id"])


def set_rules(request: ApiRequest) -> None:
    """Say what becomes of rows about known contacts."""
    runtime().imports.set_rules(request.actor, request.path["import_id"], rules_of(request.body))


def cancel_import(request: ApiRequest) -> None:
    """Stop a running import."""
    runtime().imports.cancel(request.actor, request.path["import_id"])


def preview_undo(request: ApiRequest) -> UndoPreview:
    """What undoing the import would do."""
    return runtime().import_undo.preview(request.actor, request.path["import_id"])


def undo_import(request: ApiRequest) -> Report:
    """Undo an import."""
    runtime().import_undo.undo(request.actor, request.path["import_id"])
    return get_import(request)


def list_rejections(request: ApiRequest) -> ApiPage:
    """A page of rejected rows."""
    found = runtime().import_reports.rejections(
        request.actor, request.path["import_id"], request.after or 0, request.limit + 1
    )
    return _lines(found, request.limit)


def list_warnings(request: ApiRequest) -> ApiPage:
    """A page of remarks."""
    found = runtime().import_reports.warnings(
        request.actor, request.path["import_id"], request.after or 0, request.limit + 1
    )
    return _lines(found, request.limit)


def rejected_file(request: ApiRequest) -> ApiDownload:
    """The rejected rows as a file."""
    import_id = request.path["import_id"]
    runtime().import_reports.get(request.actor, import_id)  # refused before the first byte
    chunks = list(runtime().import_reports.rejected_csv(request.actor, import_id, _shown))
    return ApiDownload("text/csv", f"rejected-{import_id}.csv", chunks=chunks)


def _lines(found: list[ReportLine], limit: int) -> ApiPage:
    shown = [
        {"row_number": line.row_number, "remark": _shown(line.remark), "cells": line.cells} for line in found[:limit]
    ]
    return ApiPage(shown, found[limit - 1].id if len(found) > limit else None)


def _shown(remark: Remark) -> str:
    return translated(remark.message, remark.params)


_PERMISSION = "contacts.import"
RESOURCE = ApiResource(
    "imports",
    "CSV files and workbooks brought into contact lists: send one, look at the preview, map its columns, start it.",
    (
        ApiOperation("GET", "", _PERMISSION, "Imports", list_imports, ImportSchema, ImportQuerySchema, paged=True),
        ApiOperation(
            "POST",
            "",
            _PERMISSION,
            "Send a file",
            add_import,
            body=NewImportSchema,
            status=201,
            upload=True,
            description="Nothing is imported before it is started. What is not started within a day is deleted.",
        ),
        ApiOperation("GET", "/{import_id}", _PERMISSION, "One import", get_import, ImportSchema),
        ApiOperation(
            "DELETE",
            "/{import_id}",
            _PERMISSION,
            "Throw an import away that was not started",
            discard_import,
            status=204,
        ),
        ApiOperation(
            "GET", "/{import_id}/preview", _PERMISSION, "How the file is read", preview_import, ImportPreviewSchema
        ),
        ApiOperation(
            "PUT",
            "/{import_id}/mapping",
            _PERMISSION,
            "Map the columns",
            map_import,
            ImportPreviewSchema,
            body=ImportMappingSchema,
        ),
        ApiOperation(
            "PUT",
            "/{import_id}/rules",
            _PERMISSION,
            "Say what becomes of rows about known contacts",
            set_rules,
            body=ImportRulesSchema,
            status=204,
        ),
        ApiOperation("POST", "/{import_id}/start", _PERMISSION, "Start the import", start_import, status=204),
        ApiOperation(
            "POST",
            "/{import_id}/cancel",
            _PERMISSION,
            "Stop a running import",
            cancel_import,
            status=204,
            description="What it wrote is kept; undo it to remove that.",
        ),
        ApiOperation("GET", "/{import_id}/undo", _PERMISSION, "What undoing would do", preview_undo, UndoPreviewSchema),
        ApiOperation(
            "POST",
            "/{import_id}/undo",
            _PERMISSION,
            "Undo the import",
            undo_import,
            ImportSchema,
            description="Contacts that were called or changed since, or that others refer to, stay.",
        ),
        ApiOperation(
            "GET",
            "/{import_id}/rejections",
            _PERMISSION,
            "Rows that were not imported",
            list_rejections,
            ImportLineSchema,
            paged=True,
        ),
        ApiOperation(
            "GET",
            "/{import_id}/warnings",
            _PERMISSION,
            "Remarks on rows that were imported",
            list_warnings,
            ImportLineSchema,
            paged=True,
        ),
        ApiOperation(
            "GET",
            "/{import_id}/rejected.csv",
            _PERMISSION,
            "The rejected rows as a file to mend and send again",
            rejected_file,
            download="text/csv",
        ),
    ),
)
