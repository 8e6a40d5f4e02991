"""Imports of contact lists from CSV files.

`reading` looks at the file, `mapping` puts its columns into fields, `rows` makes drafts of its rows, `merging` writes
them, `worker` carries an import out, `service` is what pages and commands call, `reports` says what came of it.
"""

from hookline.services.imports.errors import FileRefused, MappingRefused, Remark
from hookline.services.imports.model import ImportState, NewList, Preview, PreviewRow, Report, ReportLine
from hookline.services.imports.reports import ImportReports, in_english
from hookline.services.imports.service import ImportService

__all__ = [
    "FileRefused",
    "ImportReports",
    "ImportService",
    "ImportState",
    "MappingRefused",
    "NewList",
    "Preview",
    "PreviewRow",
    "Remark",
    "Report",
    "ReportLine",
    "in_english",
]
