"""Rows as an Excel workbook: text stays text, so that no cell is run as a formula and no number loses its plus."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import xlsxwriter

#: The media type of what comes out.
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK = 1 << 16
#: What one sheet holds; further rows go on the next.
_ROWS = 1_048_576


def workbook(rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The rows as the bytes of an XLSX file, piece by piece; it is made on the disk, row by row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        _write(path, rows)
        with path.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece


def _write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(path.parent),
    }
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        if number and number % _ROWS == 0:
            sheet = book.add_worksheet()
        for place, cell in enumerate(row):
            if isinstance(cell, int | float) and not isinstance(cell, bool):
                sheet.write_number(number % _ROWS, place, cell)
            elif cell not in (None, ""):
                sheet.write_string(number % _ROWS, place, str(cell))
    book.close()
