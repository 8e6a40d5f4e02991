"""Excel and LibreOffice workbooks: their first sheet with rows is written out as the CSV file that the import reads."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from hookline.services.imports.errors import FileRefused
from hookline.text import N_

_ZIP: Final = b"PK\x03\x04"
_OLD: Final = b"\xd0\xcf\x11\xe0"
#: What a workbook may unpack to; a million rows of ten columns are some 600 MB.
_MOST_UNPACKED: Final = 2 * 1024**3
_ADVICE: Final = N_("Open it, save it again as XLSX or as CSV in UTF-8, and upload that.")


def is_workbook(path: Path) -> bool:
    """Whether the file is a workbook by what it begins with, whatever its name."""
    with path.open("rb") as file:
        head = file.read(4)
    if head == _OLD:
        return True
    if head != _ZIP:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name in archive.namelist() for name in ("xl/workbook.xml", "xl/workbook.bin", "content.xml"))
    except zipfile.BadZipFile:
        return False


def to_csv(path: Path) -> None:
    """Replace the workbook by its first sheet with rows, as CSV. Raises `FileRefused` where it cannot be read."""
    _refuse_bombs(path)
    written = path.with_suffix(".part")
    try:
        with written.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows(_rows(path))
        written.replace(path)
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileRefused(N_("The workbook cannot be read: it is damaged or locked by a password."), _ADVICE) from error
    finally:
        written.unlink(missing_ok=True)


def _rows(path: Path) -> Iterator[Sequence[str]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        if sheet.height:
            yield from ([_text(cell) for cell in row] for row in sheet.iter_rows())
            return
    raise FileRefused(N_("The workbook has no rows."), N_("Choose a file with at least one row of contacts."))


def _text(cell: Any) -> str:
    """A cell as it is read by people: numbers of telephones without a decimal point, dates as ISO 8601."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) if not isinstance(cell, timedelta) else str(cell.total_seconds())


def _refuse_bombs(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
            raise FileRefused(
                N_("The workbook unpacks to more than %(limit)s GB."),
                N_("Split it into parts, or leave out columns that are not needed."),
                params={"limit": _MOST_UNPACKED // 1024**3},
            )
