"""Reads a CSV file: which delimiter it uses, whether it has a header, and its rows one by one."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from hookline.services.csv_cells import clean
from hookline.services.imports.encodings import require_utf8_text
from hookline.services.imports.errors import FileRefused, Remark
from hookline.services.imports.words import guess_field
from hookline.text import N_

DELIMITERS = (",", ";", "\t")
MAX_COLUMNS = 200
MAX_CELL = 10_000
MAX_ROWS = 500_000
_SNIFF_ROWS = 50
#: A quoted cell may go over several lines, but one over more than this was never closed.
_MAX_LINES = 200
_PHONE_LIKE = re.compile(r"\+?[\d\s()./-]{7,}")


@dataclass(frozen=True)
class Dialect:
    """How the file is written. `columns` are labels by position: the header's words, or empty where it has none."""

    delimiter: str
    has_header: bool
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Inspection:
    """What was found in the file. `rows` counts those with data; `first_rows` are cleaned, without the header."""

    dialect: Dialect
    rows: int
    first_rows: tuple[tuple[str, ...], ...]
    notices: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row with data. `number` counts the file's rows from 1, header and empty ones included."""

    number: int
    cells: tuple[str, ...]


@dataclass
class _Source:
    """Feeds lines to the CSV reader and remembers those of the row that is being read."""

    path: Path
    current: list[str] = field(default_factory=list)
    line: int = 0

    def __iter__(self) -> Iterator[str]:
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            for text in file:
                self.current.append(text)
                self.line += 1
                yield text


def inspect(path: Path, delimiter: str | None = None, has_header: bool | None = None) -> Inspection:
    """Look through the whole file; `delimiter` and `has_header` override what would be found.

    Raises `FileRefused` where it is not UTF-8 text, has no rows, too many rows or columns, or a quote never closed.
    """
    require_utf8_text(path)
    chosen = delimiter or sniff_delimiter(path)
    if chosen not in DELIMITERS:
        raise FileRefused(N_("Columns can be separated by a comma, a semicolon or a tab."))
    survey = _survey(path, chosen)
    header = _looks_like_header(survey.sample) if has_header is None else has_header
    count = survey.rows - 1 if header else survey.rows
    if count < 1:
        raise FileRefused(N_("The file has a header but no rows."), N_("Choose a file with at least one contact."))
    width = survey.width(header)
    if width > MAX_COLUMNS:
        raise FileRefused(
            N_("The file has %(found)s columns; at most %(limit)s can be imported."),
            N_("Leave out the columns that are not needed. If it has fewer columns, choose another separator."),
            params={"found": width, "limit": MAX_COLUMNS},
        )
    labels = tuple(survey.sample[0][:width]) if header else ()
    labels += ("",) * (width - len(labels))
    first = tuple(survey.sample[1:11] if header else survey.sample[:10])
    return Inspection(Dialect(chosen, header, labels), count, first, duplicate_labels(labels))


def rows(path: Path, dialect: Dialect) -> Iterator[Row]:
    """The rows with data, header left out, cells as they are in the file (not cleaned)."""
    waiting_for_header = dialect.has_header
    for row in _all_rows(path, dialect.delimiter):
        if waiting_for_header:
            waiting_for_header = False
        else:
            yield row


def sniff_delimiter(path: Path) -> str:
    """The separator that cuts the first rows into the most even columns; a comma where there is one column only."""
    best, best_score = ",", (0.0, 0)
    for candidate in DELIMITERS:
        widths: Counter[int] = Counter()
        for row in _all_rows(path, candidate, refuse=False):
            widths[len(row.cells)] += 1
            if widths.total() >= _SNIFF_ROWS:
                break
        if not widths:
            continue
        width, times = max(widths.items(), key=lambda item: (item[1], item[0]))
        score = (times / widths.total(), width)
        if width > 1 and score > best_score:
            best, best_score = candidate, score
    return best


def _all_rows(path: Path, delimiter: str, *, refuse: bool = True) -> Iterator[Row]:
    source = _Source(path)
    reader = csv.reader(source, delimiter=delimiter)
    number, first_line = 0, 1
    while True:
        source.current.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if refuse:
                raise _unclosed(first_line) from error
            return
        number += 1
        if refuse and _is_open(source, delimiter):
            raise _unclosed(first_line)
        first_line = source.line + 1
        if any(cell and not cell.isspace() for cell in cells):
            yield Row(number, tuple(cells))


def _is_open(source: _Source, delimiter: str) -> bool:
    """Whether a quotation mark was never closed, or only by one that was meant to open another cell."""
    lines = source.current
    if not any('"' in line for line in lines):
        return False
    if len(lines) > 1:
        if len(lines) > _MAX_LINES:
            return True
        try:
            next(csv.reader(lines, delimiter=delimiter, strict=True))
        except csv.Error:
            return True
    ended = [*lines[:-1], lines[-1].rstrip("\r\n") + "\n", "next\n"]
    return sum(1 for _ in csv.reader(ended, delimiter=delimiter)) == 1


def _unclosed(line: int) -> FileRefused:
    return FileRefused(
        N_("A quotation mark in the row that begins in line %(line)s is never closed, so its end cannot be told."),
        N_("Close it or take it out, then upload the file again."),
        params={"line": line},
    )


@dataclass
class _Survey:
    """What one pass over the file tells. `widths` counts rows by (cells, cells without empty ones at the end)."""

    sample: list[tuple[str, ...]] = field(default_factory=list)
    rows: int = 0
    widths: Counter[tuple[int, int]] = field(default_factory=Counter)

    def width(self, header: bool) -> int:
        """How many columns the file has; those that spreadsheets add and nobody fills do not count."""
        lengths: Counter[int] = Counter()
        for (length, _), times in self.widths.items():
            lengths[length] += times
        usual = max(lengths.items(), key=lambda item: (item[1], item[0]))[0]
        used = max(min(filled, usual) for _, filled in self.widths)
        if not header:
            return used
        return max(_filled(self.sample[0]), min(len(self.sample[0]), used))


def _survey(path: Path, delimiter: str) -> _Survey:
    survey = _Survey()
    for row in _all_rows(path, delimiter):
        survey.rows += 1
        if survey.rows > MAX_ROWS + 1:
            raise FileRefused(
                N_("The file has more than %(limit)s rows."), N_("Split it into parts."), params={"limit": MAX_ROWS}
            )
        survey.widths[len(row.cells), _filled(row.cells)] += 1
        if len(survey.sample) < _SNIFF_ROWS:
            survey.sample.append(tuple(clean(cell) for cell in row.cells))
    if not survey.sample:
        raise FileRefused(N_("The file is empty."), N_("Choose a file with at least one row of contacts."))
    return survey


def _filled(cells: tuple[str, ...]) -> int:
    """How many cells the row has without empty ones at its end."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return end


def _looks_like_header(sample: list[tuple[str, ...]]) -> bool:
    first, rest = sample[0], sample[1:]
    if any(_PHONE_LIKE.fullmatch(cell) or "@" in cell for cell in first):
        return False
    if any(guess_field(cell) for cell in first):
        return True
    return any(_PHONE_LIKE.fullmatch(row[i]) for row in rest for i, cell in enumerate(first) if i < len(row) and cell)


def duplicate_labels(labels: tuple[str, ...]) -> tuple[Remark, ...]:
    """A remark for each header that several columns share."""
    places: dict[str, list[int]] = {}
    for position, label in enumerate(labels, start=1):
        if label:
            places.setdefault(label.casefold(), []).append(position)
    return tuple(
        Remark(
            N_("The header has “%(label)s” more than once (columns %(positions)s); tell them apart by their position."),
            {"label": labels[found[0] - 1], "positions": ", ".join(map(str, found))},
        )
        for found in places.values()
        if len(found) > 1
    )


def dialect_to_json(dialect: Dialect) -> dict[str, object]:
    """Plain data for storage."""
    return {
        "delimiter": dialect.delimiter,
        "has_header": dialect.has_header,
        "columns": list(dialect.columns),
        "encoding": "utf-8",
    }


def dialect_from_json(data: dict[str, object]) -> Dialect:
    """The reverse of `dialect_to_json`."""
    columns = data["columns"]
    labels = tuple(str(c) for c in columns) if isinstance(columns, list) else ()
    return replace(Dialect(",", False, labels), delimiter=str(data["delimiter"]), has_header=bool(data["has_header"]))
