"""Types of custom fields: what a value may be, and how it is kept: a number with a point, a date as ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hookline.text import N_

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,9})?", re.ASCII)
_DATE = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ].*)?|(\d{1,2})[-./](\d{1,2})[-./](\d{4})", re.ASCII)
_YES = frozenset({"yes", "y", "true", "1", "tak", "t", "x"})
_NO = frozenset({"no", "n", "false", "0", "nie"})


class FieldKind(StrEnum):
    """What a field's values are."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"


#: Titles, as message ids.
KIND_TITLES = {
    FieldKind.TEXT: N_("text"),
    FieldKind.NUMBER: N_("number"),
    FieldKind.DATE: N_("date"),
    FieldKind.YES_NO: N_("yes or no"),
    FieldKind.CHOICE: N_("one of"),
}


@dataclass(frozen=True)
class FieldType:
    """A field's type; `choices` are those of a choice."""

    kind: FieldKind = FieldKind.TEXT
    choices: tuple[str, ...] = ()

    def kept(self, value: str) -> str | None:
        """The value as it is kept; None where the field cannot have it. An empty value is always kept."""
        text = value.strip()
        if not text or self.kind is FieldKind.TEXT:
            return text
        if self.kind is FieldKind.NUMBER:
            return _number(text)
        if self.kind is FieldKind.DATE:
            return _date(text)
        if self.kind is FieldKind.YES_NO:
            word = text.lower()
            return "yes" if word in _YES else "no" if word in _NO else None
        return _choice(text, self.choices)


def _number(text: str) -> str | None:
    plain = text.replace("\u00a0", "").replace(" ", "")
    return plain.replace(",", ".").lstrip("+") if _NUMBER.fullmatch(plain) else None


def _date(text: str) -> str | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, day_first, month_second, year_last = found.groups()
    try:
        if year:
            return date(int(year), int(month), int(day)).isoformat()
        return date(int(year_last), int(month_second), int(day_first)).isoformat()
    except ValueError:
        return None


def _choice(text: str, choices: Sequence[str]) -> str | None:
    return next((choice for choice in choices if choice.casefold() == text.casefold()), None)
