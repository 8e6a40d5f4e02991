"""CSV cells: cleaned when they come in, made harmless when they go out."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

#: A cell that begins so may be run as a formula by a spreadsheet (the full-width forms too).
_FORMULA_START = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Plain numbers and E.164 numbers cannot do anything, and must stay usable by the program that reads them.
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]")
#: An apostrophe that begins a cell.
_MAY_BE_NEUTRALISED = re.compile(r"""(?:^|[,;\t"])\s*'""", re.MULTILINE)

#: What a spreadsheet needs in order to take a file for UTF-8.
BOM = "\ufeff"


def neutralise(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet might run it; a number ("+48600100200") stays."""
    # Spaces are skipped by some spreadsheets, so they do not protect.
    if cell.lstrip(" \u00a0").startswith(_FORMULA_START) or cell.startswith(_FORMULA_START):
        return cell if _PLAIN_NUMBER.fullmatch(cell) else f"'{cell}"
    return cell


def restore(cell: str) -> str:
    """The reverse of `neutralise`, so that a file that was handed out can come in again unchanged."""
    if cell.startswith("'") and neutralise(cell[1:]) == cell:
        return cell[1:]
    return cell


def clean(cell: str) -> str:
    """The cell as it is stored: no control or invisible characters, no spaces around, composed letters (NFC)."""
    text = _CONTROL.sub("", restore(cell)).replace("\u00a0", " ").replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text).strip()


def is_plain(text: str) -> bool:
    """Whether every cell of this text is as `clean` leaves it, but for spaces around it."""
    if ("'" in text and _MAY_BE_NEUTRALISED.search(text)) or "\r" in text.replace("\r\n", ""):
        return False
    if text.isascii():
        return _CONTROL.search(text) is None
    return _CONTROL.search(text) is None and "\u00a0" not in text and unicodedata.is_normalized("NFC", text)


def write_rows(rows: Iterable[Sequence[object]], delimiter: str, *, bom: bool = False) -> Iterator[str]:
    """The rows as CSV text (CRLF line ends), piece by piece, every cell neutralised."""
    if bom:
        yield BOM
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    for row in rows:
        writer.writerow([neutralise("" if cell is None else str(cell)) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
