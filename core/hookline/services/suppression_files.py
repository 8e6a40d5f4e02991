"""Numbers to be suppressed, as files hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hookline.services.csv_cells import clean
from hookline.services.imports import mapping as mappings
from hookline.services.imports import reading
from hookline.services.imports.errors import MappingRefused
from hookline.services.imports.words import folded
from hookline.text import N_

_LONGEST = 200
_WORDS = {
    "reason": ("reason", "powod", "przyczyna"),
    "source": ("source", "zrodlo"),
    "since": ("since", "date", "added", "od", "data", "datadodania"),
    "expires": ("expires", "expiry", "until", "validuntil", "wygasa", "waznedo", "do"),
}


@dataclass(frozen=True)
class Item:
    """A number as it is written, and what is said of it; "" and None: what is said of all."""

    number: str
    reason: str = ""
    source: str = ""
    since: datetime | None = None
    expires_at: datetime | None = None


def items_in(path: Path, country: str, expires_at: datetime | None) -> Iterator[Item]:
    """The file's rows; raises MappingRefused where no column looks like phone numbers, at once."""
    found = reading.inspect(path)
    guessed = mappings.guess(found, country)
    phone = next((position for position, name in guessed.items() if name == "phone"), None)
    if phone is None:
        raise MappingRefused(
            N_("No column of the file looks like phone numbers."),
            N_("Head it “phone”, or leave the other columns out. Columns: %(columns)s."),
            params={"columns": mappings.describe(found.dialect)},
        )
    return _items(path, found.dialect, phone, expires_at)


def _items(path: Path, dialect: reading.Dialect, phone: int, expires_at: datetime | None) -> Iterator[Item]:
    heads = [folded(label) for label in dialect.columns]
    places = {
        name: next((at for at, head in enumerate(heads) if head in words and at != phone), None)
        for name, words in _WORDS.items()
    }
    for chunk in reading.chunks(path, dialect):
        for cells in chunk.rows:
            yield Item(
                _cell(cells, phone),
                _cell(cells, places["reason"])[:_LONGEST],
                _cell(cells, places["source"])[:_LONGEST],
                _moment(_cell(cells, places["since"])),
                _moment(_cell(cells, places["expires"])) or expires_at,
            )


def _cell(cells: Sequence[str], place: int | None) -> str:
    return clean(cells[place]) if place is not None and place < len(cells) else ""


def _moment(text: str) -> datetime | None:
    """An ISO 8601 date or moment; a date is its beginning, UTC. None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
