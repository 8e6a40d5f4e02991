"""Reads a CSV file: which delimiter it uses, whether it has a header, and its rows one by one."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from hookline.services.csv_cells import clean, is_plain
from hookline.services.imports.encodings import require_utf8_text
from hookline.services.imports.errors import FileRefused, Remark
from hookline.services.imports.words import guess_field
from hookline.text import N_

DELIMITERS = (",", ";", "\t")
MAX_COLUMNS = 200
MAX_CELL = 10_000
MAX_ROWS = 5_000_000
#: Lines that are cut into rows at a time.
CHUNK = 10_000
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


@dataclass(frozen=True)
class Chunk:
    """Some rows with data, in the file's order, and their numbers in it. `plain`: the cells' text needs stripping only:
    no control characters, composed letters, nothing that was made harmless for a spreadsheet."""

    numbers: list[int]
    rows: list[list[str]]
    plain: bool
    longest: int


class _Source:
    """Feeds lines to the CSV reader and remembers those of the row that is being read."""

    def __init__(self, lines: Iterable[str], line: int = 0) -> None:
        self._lines = lines
        self.current: list[str] = []
        self.line = line

    def __iter__(self) -> Iterator[str]:
        for text in self._lines:
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
    with _opened(path) as file:
        found = _rows(_Source(file), dialect.delimiter)
        if dialect.has_header:
            next(found, None)
        yield from found


def chunks(path: Path, dialect: Dialect, skip: int = 0, size: int = CHUNK) -> Iterator[Chunk]:
    """The rows with data after the first `skip`, header left out, many at a time."""
    left_out = skip + 1 if dialect.has_header else skip
    for chunk in _chunks(path, dialect.delimiter, size, first=size + dialect.has_header):
        if left_out >= len(chunk.rows):
            left_out -= len(chunk.rows)
            continue
        yield replace(chunk, numbers=chunk.numbers[left_out:], rows=chunk.rows[left_out:])
        left_out = 0


def _opened(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", newline="")


def _chunks(path: Path, delimiter: str, size: int, *, first: int = 0) -> Iterator[Chunk]:
    with _opened(path) as file:
        number = line = 0
        while lines := list(islice(file, size if number or not first else first)):
            cut = _cut(lines, delimiter)
            if cut is None:
                found = list(_one_by_one(lines, file, delimiter, number, line))
                number = found[-1].number if found else number + len(lines)
                line = found[-1].line if found else line + len(lines)
                kept = [row for row in found if row.cells]
                yield Chunk([r.number for r in kept], [list(r.cells) for r in kept], False, MAX_CELL + 1)
                continue
            places = [place for place, cells in enumerate(cut) if any(cells) and not "".join(cells).isspace()]
            numbers = [number + place + 1 for place in places]
            text = "".join(lines)
            yield Chunk(numbers, [cut[place] for place in places], is_plain(text), max(map(len, lines)))
            number, line = number + len(lines), line + len(lines)


def _cut(lines: list[str], delimiter: str) -> list[list[str]] | None:
    """The lines as one row each; None where a row goes over several, or one is not closed."""
    try:
        cut = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return None
    last = _Source(())
    last.current = lines[-1:]
    return cut if len(cut) == len(lines) and not _is_open(last, delimiter) else None


@dataclass(frozen=True)
class _Line(Row):
    """A row, empty where it has no data, and the line it ends in."""

    line: int = 0


def _one_by_one(lines: list[str], rest: TextIO, delimiter: str, number: int, line: int) -> Iterator[_Line]:
    """Rows until the given lines are used up, and as many more of the rest as the last of them goes over."""
    source = _Source(chain(lines, rest), line)
    for row in _rows(source, delimiter, number=number, with_empty=True):
        yield _Line(row.number, row.cells, source.line)
        if source.line - line >= len(lines):
            return


def sniff_delimiter(path: Path) -> str:
    """The separator that cuts the first rows into the most even columns; a comma where there is one column only."""
    best, best_score = ",", (0.0, 0)
    for candidate in DELIMITERS:
        widths: Counter[int] = Counter()
        with _opened(path) as file:
            for row in islice(_rows(_Source(file), candidate, refuse=False), _SNIFF_ROWS):
                widths[len(row.cells)] += 1
        if not widths:
            continue
        width, times = max(widths.items(), key=lambda item: (item[1], item[0]))
        score = (times / widths.total(), width)
        if width > 1 and score > best_score:
            best, best_score = candidate, score
    return best


def _rows(
    source: _Source, delimiter: str, *, refuse: bool = True, number: int = 0, with_empty: bool = False
) -> Iterator[Row]:
    reader = csv.reader(source, delimiter=delimiter)
    first_line = source.line + 1
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
        has_data = any(cell and not cell.isspace() for cell in cells)
        if has_data or with_empty:
            yield Row(number, tuple(cells) if has_data else ())


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
    for chunk in _chunks(path, delimiter, CHUNK):
        survey.rows += len(chunk.rows)
        if survey.rows > MAX_ROWS + 1:
            raise FileRefused(
                N_("The file has more than %(limit)s rows."), N_("Split it into parts."), params={"limit": MAX_ROWS}
            )
        survey.widths.update((len(cells), _filled(cells)) for cells in chunk.rows)
        wanted = _SNIFF_ROWS - len(survey.sample)
        survey.sample += [tuple(clean(cell) for cell in cells) for cells in chunk.rows[:wanted]]
    if not survey.sample:
        raise FileRefused(N_("The file is empty."), N_("Choose a file with at least one row of contacts."))
    return survey


def _filled(cells: Sequence[str]) -> int:
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
