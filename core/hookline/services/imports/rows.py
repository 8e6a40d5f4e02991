"""Turns a row's cells into a contact to be, or says why it cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hookline.services.csv_cells import clean
from hookline.services.custom_field_kinds import FieldType
from hookline.services.imports.errors import Remark, RowRejected
from hookline.services.imports.mapping import CUSTOM, IGNORE, PHONES, ColumnMap
from hookline.services.imports.reading import MAX_CELL, Row
from hookline.services.imports.words import folded
from hookline.services.phones import InvalidPhone, Phone, normalise
from hookline.services.phones_bulk import BulkNumbers
from hookline.services.time_zones import is_zone, zone_of_address
from hookline.text import N_

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]{2,}")
_LANGUAGES = {
    "polski": "pl", "polska": "pl", "polish": "pl", "angielski": "en", "english": "en", "ukrainski": "uk",
    "ukrainian": "uk", "niemiecki": "de", "german": "de", "deutsch": "de",
}  # fmt: skip
#: Fields of Contact that are filled as they are.
PLAIN = ("first_name", "last_name", "company", "email", "city", "region", "language", "notes")


@dataclass(frozen=True, slots=True)
class Draft:
    """A row that can become a contact. `phones` is never empty and has no number twice. `said_zone`: the file named
    the time zone; otherwise it follows from the address or the first number."""

    row: Row
    phones: tuple[Phone, ...]
    external_id: str | None
    fields: dict[str, str]
    custom: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[Remark, ...] = ()
    time_zone: str = ""
    said_zone: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """How rows become contacts: the columns' fields, how many columns there are, the list's country and field types."""

    mapping: ColumnMap
    columns: int
    country: str
    types: Mapping[str, FieldType] = field(default_factory=dict)
    #: Reads usual numbers faster; the others are read by `normalise` anyhow.
    numbers: BulkNumbers | None = None


def to_draft(row: Row, form: Form) -> Draft:
    """The row as a draft; raises `RowRejected` where it has no number to call or its cells do not fit the columns."""
    _require_shape(row, form.columns)
    values = _values(row, form.mapping)
    warnings: list[Remark] = []
    phones = _phones(values, form, warnings)
    fields = {name: values.get(name, "") for name in PLAIN}
    _split_name(values.get("full_name", ""), fields)
    fields["email"] = _email(fields["email"], warnings)
    fields["language"] = _language(fields["language"], warnings)
    said = _said_zone(values.get("time_zone", ""), warnings)
    zone = said or zone_by_address(values.get("country", ""), fields["region"], fields["city"], phones[0])
    return Draft(
        row,
        phones,
        values.get("external_id") or None,
        fields,
        _custom(values, form.types, warnings),
        tuple(warnings),
        zone,
        bool(said),
        split_tags(values.get("tags", "")),
    )


def zone_by_address(country: str, region: str, city: str, phone: Phone) -> str:
    """The zone of the address where that tells one, else the number's."""
    where = country.strip().upper()
    found = zone_of_address(where if len(where) == 2 else phone.country, region, city)
    return found or phone.time_zone


def split_tags(text: str) -> tuple[str, ...]:
    """Tags as they are written in one cell, apart by commas, semicolons or bars; each cut to 60 characters."""
    return tuple(dict.fromkeys(t[:60] for part in re.split(r"[,;|]", text) if (t := " ".join(part.split()))))


def _said_zone(text: str, warnings: list[Remark]) -> str:
    if not text or is_zone(text):
        return text
    warnings.append(Remark(N_("“%(text)s” is not a time zone; it was left out."), {"text": text[:60]}))
    return ""


def _custom(values: dict[str, str], types: Mapping[str, FieldType], warnings: list[Remark]) -> dict[str, Any]:
    custom = {}
    for name, text in values.items():
        if not name.startswith(CUSTOM) or not text:
            continue
        key = name.removeprefix(CUSTOM)
        kept = types[key].kept(text) if key in types else text
        if kept is None:
            remark = N_("“%(text)s” does not fit the field “%(field)s”; it was left out.")
            warnings.append(Remark(remark, {"text": text[:60], "field": key}))
        else:
            custom[key] = kept
    return custom


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


def _phones(values: dict[str, str], form: Form, warnings: list[Remark]) -> tuple[Phone, ...]:
    """The valid numbers in order; the first field's problem rejects the row only where no other number is valid."""
    found: dict[str, Phone] = {}
    problems: list[Remark] = []
    for name in PHONES:
        text = values.get(name, "")
        if not text and name != "phone":
            continue
        try:
            phone = (form.numbers.usual(text) if form.numbers else None) or normalise(text, form.country)
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
    if not text or EMAIL.fullmatch(text):
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
