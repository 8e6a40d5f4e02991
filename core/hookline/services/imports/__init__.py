"""Imports of contact lists from CSV files and workbooks.

`reading` looks at the file, `mapping` puts its columns into fields, `rows` makes drafts of its rows (`drafting` of many
at once), `merging` works them into the client's contacts (`people`) by the `rules`, `writing` stores them, `worker`
carries an import out, `undo` takes it back, `service` is what pages and commands call, `reports` says what came of it.
"""

from hookline.services.imports.errors import FileRefused, MappingRefused, Remark
from hookline.services.imports.model import ImportState, NewList, Preview, PreviewRow, Report, ReportLine
from hookline.services.imports.reports import ImportReports, in_english
from hookline.services.imports.rules import ImportRules, Key, Merge, Scope, rules_of
from hookline.services.imports.service import ImportService
from hookline.services.imports.undo import REASONS, ImportUndo, UndoPreview

__all__ = [
    "REASONS",
    "FileRefused",
    "ImportReports",
    "ImportRules",
    "ImportService",
    "ImportState",
    "ImportUndo",
    "Key",
    "MappingRefused",
    "Merge",
    "NewList",
    "Preview",
    "PreviewRow",
    "Remark",
    "Report",
    "ReportLine",
    "Scope",
    "UndoPreview",
    "in_english",
    "rules_of",
]
