"""Which column goes into which field: guessed, checked, and named by people at the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hookline.services.imports.errors import MappingRefused
from hookline.services.imports.reading import Dialect, Inspection
from hookline.services.imports.words import folded, guess_field
from hookline.services.phones import InvalidPhone, normalise
from hookline.text import N_

PHONES = ("phone", "phone2", "phone3")
#: Fields of a contact that a column may go into, with their titles (message ids).
FIELDS: dict[str, str] = {
    "phone": N_("Phone"),
    "phone2": N_("Second phone"),
    "phone3": N_("Third phone"),
    "external_id": N_("Identifier in the client's system"),
    "first_name": N_("First name"),
    "last_name": N_("Last name"),
    "full_name": N_("First and last name"),
    "company": N_("Company"),
    "email": N_("E-mail"),
    "city": N_("City"),
    "region": N_("State or region"),
    "country": N_("Country of the address"),
    "time_zone": N_("Time zone"),
    "language": N_("Language"),
    "notes": N_("Notes"),
    "tags": N_("Tags"),
}
IGNORE = "ignore"
CUSTOM = "custom:"
_CUSTOM_NAME = re.compile(r"[^\W_][\w .\-/()]{0,59}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE_SHARE = 0.5

#: Column position (from 0) -> field name.
ColumnMap = dict[int, str]


def guess(inspection: Inspection, country: str) -> ColumnMap:
    """A mapping from the header's words, else from what the columns hold. What is not known is ignored: data that
    nobody asked for is not stored."""
    taken: set[str] = set()
    mapping: ColumnMap = {}
    for position, label in enumerate(inspection.dialect.columns):
        # Our own exports head custom fields with the field's name itself.
        known = label if label.startswith(CUSTOM) and _CUSTOM_NAME.fullmatch(label[len(CUSTOM) :]) else None
        name = _free(known or guess_field(label), taken)
        mapping[position] = name or IGNORE
        taken.add(mapping[position])
    if "phone" not in taken:
        _guess_by_content(inspection, country, mapping)
    return mapping


def _free(name: str | None, taken: set[str]) -> str | None:
    """The field, or for a second phone column the next phone field; None where it is taken."""
    if name in PHONES:
        later = PHONES[PHONES.index(name) :]
        return next((p for p in later if p not in taken), None)
    return None if name in taken else name


def _guess_by_content(inspection: Inspection, country: str, mapping: ColumnMap) -> None:
    width = len(inspection.dialect.columns)
    shares = [_share_of_phones(_column(inspection, i), country) if mapping[i] == IGNORE else 0.0 for i in range(width)]
    if shares and max(shares) >= _PHONE_SHARE:
        mapping[shares.index(max(shares))] = "phone"
    for i in range(width):
        cells = _column(inspection, i)
        if (
            mapping[i] == IGNORE
            and cells
            and all(_EMAIL.fullmatch(c) for c in cells)
            and "email" not in mapping.values()
        ):
            mapping[i] = "email"


def _column(inspection: Inspection, position: int) -> list[str]:
    return [row[position] for row in inspection.first_rows if position < len(row) and row[position]]


def _share_of_phones(cells: Sequence[str], country: str) -> float:
    valid = 0
    for cell in cells:
        try:
            normalise(cell, country)
        except InvalidPhone:
            continue
        valid += 1
    return valid / len(cells) if cells else 0.0


def check(mapping: Mapping[int, str], dialect: Dialect) -> ColumnMap:
    """The mapping, checked; raises `MappingRefused` where the phone is missing or a field is used twice or unknown."""
    used: dict[str, int] = {}
    checked: ColumnMap = {}
    for position, name in sorted(mapping.items()):
        if not 0 <= position < len(dialect.columns):
            raise MappingRefused(N_("The file has no column %(position)s."), params={"position": position + 1})
        checked[position] = _known(name.strip())
        if checked[position] == IGNORE:
            continue
        key = folded(checked[position])
        if key in used:
            raise MappingRefused(
                N_("Columns %(first)s and %(second)s are both mapped to “%(field)s”."),
                N_("Map one of them to another field, or ignore it."),
                params={"first": used[key] + 1, "second": position + 1, "field": checked[position]},
            )
        used[key] = position
    if "phone" not in checked.values():
        raise MappingRefused(
            N_("No column is mapped to the phone."),
            N_("Say which column holds the phone numbers; without one nobody can be called."),
        )
    return checked


def _known(name: str) -> str:
    if name.startswith(CUSTOM):
        custom = name.removeprefix(CUSTOM).strip()
        if _CUSTOM_NAME.fullmatch(custom):
            return CUSTOM + custom
        raise MappingRefused(
            N_("“%(name)s” cannot name a custom field."),
            N_("Use up to 60 letters, digits and spaces, beginning with a letter or digit."),
            params={"name": custom[:60]},
        )
    if name in FIELDS or name == IGNORE:
        return name
    raise MappingRefused(
        N_("There is no field “%(name)s”."),
        N_("Fields are: %(fields)s, custom:<name>, ignore."),
        params={"name": name[:60], "fields": ", ".join(FIELDS)},
    )


def from_words(pairs: Mapping[str, str], dialect: Dialect, guessed: ColumnMap) -> ColumnMap:
    """The guess, changed by "field → column" pairs; a column is named by its header or as "#3" by its position.

    Raises `MappingRefused` for a column that is not there or whose header is there twice.
    """
    mapping = dict(guessed)
    for field_name, column in pairs.items():
        position = _position(column.strip(), dialect)
        for other, name in mapping.items():
            if name == field_name:
                mapping[other] = IGNORE
        mapping[position] = field_name
    return mapping


def _position(column: str, dialect: Dialect) -> int:
    if re.fullmatch(r"#\d+", column):
        return int(column[1:]) - 1
    found = [i for i, label in enumerate(dialect.columns) if label.casefold() == column.casefold()]
    if len(found) == 1:
        return found[0]
    params = {"column": column[:60], "columns": describe(dialect)}
    if found:
        raise MappingRefused(
            N_("The header has “%(column)s” more than once."),
            N_("Name the column by its position, like #3. Columns: %(columns)s."),
            params=params,
        )
    raise MappingRefused(N_("The file has no column “%(column)s”."), N_("Columns: %(columns)s."), params=params)


def describe(dialect: Dialect) -> str:
    """The columns with their positions: "#1 Telefon, #2 Imię"."""
    return ", ".join(f"#{i} {label}".strip() for i, label in enumerate(dialect.columns, start=1))
