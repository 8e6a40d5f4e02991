"""Drafts of many rows: column by column for rows that have nothing unusual, the others one by one.

What comes out is what `to_draft` makes of each row by itself (a test holds that); it is only faster.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import repeat

from hookline.services.csv_cells import clean
from hookline.services.imports.errors import Remark, RowRejected
from hookline.services.imports.mapping import CUSTOM, IGNORE, PHONES
from hookline.services.imports.reading import MAX_CELL, Chunk, Row
from hookline.services.imports.rows import EMAIL, PLAIN, Draft, Form, to_draft, zone_by_address
from hookline.services.phones import Phone
from hookline.services.phones_bulk import BulkNumbers
from hookline.services.time_zones import has_zones

_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)
#: Fields whose cells are taken as they are; rows with others in them go one by one.
_TAKEN = frozenset({*PLAIN, *PHONES, "external_id"})

Column = Sequence[str]


class Drafter:
    """Makes drafts for one import."""

    def __init__(self, form: Form) -> None:
        self._numbers = BulkNumbers(form.country)
        self._form = replace(form, numbers=self._numbers)
        names = {name: place for place, name in form.mapping.items() if name != IGNORE}
        self._phones = [names[name] for name in PHONES if name in names]
        self._names = [name for name in PLAIN if name in names]
        self._plain = [(name, names[name]) for name in PLAIN if name in names]
        self._custom = [(n.removeprefix(CUSTOM), place) for n, place in names.items() if n.startswith(CUSTOM)]
        self._id = names.get("external_id")
        typed = any(name in form.types for name, _place in self._custom)
        self._in_columns = not typed and all(name in _TAKEN or name.startswith(CUSTOM) for name in names)
        self._blank = dict.fromkeys(PLAIN, "")

    def drafts(self, chunk: Chunk) -> tuple[list[Draft], list[tuple[Row, Remark]]]:
        """The rows as drafts in their order, and those that are rejected."""
        made: list[Draft] = []
        rejected: list[tuple[Row, Remark]] = []
        quick = self._quick(chunk)
        for number, cells, draft in zip(chunk.numbers, chunk.rows, quick, strict=True):
            if draft is not None:
                made.append(draft)
                continue
            row = Row(number, tuple(cells))
            try:
                made.append(to_draft(row, self._form))
            except RowRejected as why:
                rejected.append((row, why.remark))
        return made, rejected

    def _quick(self, chunk: Chunk) -> Sequence[Draft | None]:
        width = self._form.columns
        if not self._in_columns or chunk.longest > MAX_CELL or any(len(cells) > width for cells in chunk.rows):
            return [None] * len(chunk.rows)
        rows = [cells if len(cells) == width else cells + [""] * (width - len(cells)) for cells in chunk.rows]
        columns = list(zip(*rows, strict=True))
        tidy = str.strip if chunk.plain else clean
        cleaned = {place: list(map(tidy, columns[place])) for place in self._form.mapping if place < width}
        phones = self._read_phones(cleaned)
        ids = cleaned[self._id] if self._id is not None else repeat("")
        plain = zip(*(cleaned[place] for _name, place in self._plain), strict=True) if self._plain else repeat(())
        custom = zip(*(cleaned[place] for _name, place in self._custom), strict=True) if self._custom else repeat(())
        each = zip(chunk.numbers, rows, phones, ids, plain, custom, strict=False)
        return [self._draft(*row) if row[2] else None for row in each]

    def _read_phones(self, cleaned: dict[int, list[str]]) -> list[tuple[Phone, ...] | None]:
        """The numbers of each row; None where one of them is not usual, or none is given."""
        usual = self._numbers.usual
        first = [(phone,) if (phone := usual(text)) is not None else None for text in cleaned[self._phones[0]]]
        found: list[tuple[Phone, ...] | None] = list(first)
        for place in self._phones[1:]:
            for at, text in enumerate(cleaned[place]):
                so_far = found[at]
                if text and so_far is not None:
                    more = usual(text)
                    known = more is not None and any(more.e164 == phone.e164 for phone in so_far)
                    found[at] = None if more is None else so_far if known else (*so_far, more)
        return found

    def _draft(
        self,
        number: int,
        cells: list[str],
        phones: tuple[Phone, ...],
        external_id: str,
        plain: tuple[str, ...],
        custom: tuple[str, ...],
    ) -> Draft | None:
        fields = {**self._blank, **dict(zip(self._names, plain, strict=True))}
        email, language = fields["email"], fields["language"]
        if (email and not EMAIL.fullmatch(email)) or (language and not _LANGUAGE.fullmatch(language)):
            return None
        own = {name: value for (name, _place), value in zip(self._custom, custom, strict=True) if value}
        zone = phones[0].time_zone
        if has_zones(phones[0].country):
            zone = zone_by_address("", fields["region"], fields["city"], phones[0])
        return Draft(Row(number, tuple(cells)), phones, external_id or None, fields, own, (), zone)
