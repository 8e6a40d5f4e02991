"""Turns a row's cells into a contact to be, or says why it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from hookline.services.csv_cells import clean
from hookline.services.imports.errors import Remark, RowRejected
from hookline.services.imports.mapping import CUSTOM, IGNORE, PHONES, ColumnMap
from hookline.services.imports.reading import MAX_CELL, Row
from hookline.services.imports.words import folded
from hookline.services.phones import InvalidPhone, Phone, normalise
from hookline.text import N_

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]{2,}")
_LANGUAGES = {
    "polski": "pl", "polska": "pl", "polish": "pl", "angielski": "en", "english": "en", "ukrainski": "uk",
    "ukrainian": "uk", "niemiecki": "de", "german": "de", "deutsch": "de",
}  # fmt: skip
#: Fields of Contact that are filled as they are.
PLAIN = ("first_name", "last_name", "company", "email", "city", "language", "notes")


@dataclass(frozen=True)
class Draft:
    """A row that can become a contact. `phones` is never empty and has no number twice."""

    row: Row
    phones: tuple[Phone, ...]
    external_id: str | None
    fields: dict[str, str]
    custom: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[Remark, ...] = ()


def to_draft(row: Row, mapping: ColumnMap, columns: int, country: str) -> Draft:
    """The row as a draft; raises `RowRejected` where it has no number to call or its cells do not fit the columns."""
    _require_shape(row, columns)
    values = _values(row, mapping)
    warnings: list[Remark] = []
    phones = _phones(values, country, warnings)
    fields = {name: values.get(name, "") for name in PLAIN}
    _split_name(values.get("full_name", ""), fields)
    fields["email"] = _email(fields["email"], warnings)
    fields["language"] = _language(fields["language"], warnings)
    custom = {name.removeprefix(CUSTOM): text for name, text in values.items() if name.startswith(CUSTOM) and text}
    return Draft(row, phones, values.get("external_id") or None, fields, custom, tuple(warnings))


def _require_shape(row: Row, columns: int) -> None:
    found = len(row.cells)
    while found > columns and not row.cells[found - 1].strip():
        found -= 1
    if found > columns:
        raise RowRejected(
            Remark(
                N_("The row has %(found)s cells where the file has %(expected)s columns; a separator is not quoted."),
                {"found": found, "expected": columns},
            )
        )
    for position, cell in enumerate(row.cells, start=1):
        if len(cell) > MAX_CELL:
            raise RowRejected(
                Remark(
                    N_("The cell in column %(column)s is longer than %(limit)s characters."),
                    {"column": position, "limit": MAX_CELL},
                )
            )


def _values(row: Row, mapping: ColumnMap) -> dict[str, str]:
    return {
        name: clean(row.cells[position]) if position < len(row.cells) else ""
        for position, name in mapping.items()
        if name != IGNORE
    }


def _phones(values: dict[str, str], country: str, warnings: list[Remark]) -> tuple[Phone, ...]:
    """The valid numbers in order; the first field's problem rejects the row only where no other number is valid."""
    found: dict[str, Phone] = {}
    problems: list[Remark] = []
    for name in PHONES:
        text = values.get(name, "")
        if not text and name != "phone":
            continue
        try:
            phone = normalise(text, country)
        except InvalidPhone as error:
            problems.append(Remark(error.message_id, error.params))
            continue
        found.setdefault(phone.e164, phone)
    if not found:
        raise RowRejected(problems[0])
    warnings.extend(problems)
    return tuple(found.values())


def _split_name(full: str, fields: dict[str, str]) -> None:
    """ "Jan Maria Kowalski" and "Kowalski, Jan Maria" become first and last name, where these are not given."""
    if not full or fields["first_name"] or fields["last_name"]:
        return
    if "," in full:
        last, _, first = (part.strip() for part in full.partition(","))
    else:
        first, _, last = (part.strip() for part in full.rpartition(" "))
    if not first:
        first, last = last, ""
    fields["first_name"], fields["last_name"] = first, last


def _email(text: str, warnings: list[Remark]) -> str:
    if not text or _EMAIL.fullmatch(text):
        return text
    warnings.append(Remark(N_("“%(text)s” is not an e-mail address; it was left out."), {"text": text[:60]}))
    return ""


def _language(text: str, warnings: list[Remark]) -> str:
    if not text:
        return ""
    word = folded(text)
    if word in _LANGUAGES:
        return _LANGUAGES[word]
    if re.fullmatch(r"[A-Za-z]{2}([-_][A-Za-z]{2})?", text):
        return text[:2].lower()
    warnings.append(Remark(N_("“%(text)s” is not a language code; it was left out."), {"text": text[:60]}))
    return ""
