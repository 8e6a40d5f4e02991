"""The data-holder contract: whoever stores personal data says what, why and how long, hands it out and erases it.

A table says which of its columns are personal by `personal` (see `hookline.db.base.Base`); a test fails where such a
table, or a folder with personal files, has no holder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.db.base import Base
    from hookline.db.database import UnitOfWork
    from hookline.domain.access import Scope


class DataCategory(StrEnum):
    """Kinds of personal data; each has a storage period of its own."""

    CONTACT = "contact"
    CALL_RECORD = "call_record"
    RECORDING = "recording"
    SCRIPT_ANSWERS = "script_answers"
    CONSENT_PROOF = "consent_proof"  # and of objections
    AUDIT = "audit"
    AGENTS = "agents"  # agents' and other users' own data


class Classification(StrEnum):
    """What a custom field or a script question declares of its answers."""

    ORDINARY = "ordinary"
    SPECIAL = "special"  # GDPR art. 9 and 10: health, beliefs, union, sex life, biometrics, convictions …
    NONE = "none"  # not about a person


@dataclass(frozen=True)
class Subject:
    """The person whom a question is about, as the installation knows her. Everything empty: nobody.

    `contact_ids` are her contacts within the scope, of several clients perhaps; `numbers` (E.164) and `emails` (small
    letters) what she is known by, so that holders find her also where she is no contact. `user_ids`: where she works
    here herself. `clients`: the controllers on whose behalf it is asked; None for every one.
    """

    contact_ids: frozenset[int] = frozenset()
    numbers: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    user_ids: frozenset[int] = frozenset()
    clients: frozenset[int] | None = None


@dataclass(frozen=True)
class FileRef:
    """A file that belongs to somebody's data: where it is, and how to read it."""

    store: str
    key: str
    size: int
    sha256: str
    open: Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class DataRecord:
    """One record about the person. `data` is JSON-ready; `client_id` the controller, None for the installation."""

    table: str
    data: Mapping[str, Any]
    client_id: int | None = None
    file: FileRef | None = None


@dataclass(frozen=True)
class ErasureReport:
    """What an erasure did in one holder. `kept` and `why` are message ids: what stays, and by what right."""

    erased: int = 0
    anonymised: int = 0
    kept: str = ""
    why: str = ""


def nothing_found(_session: Session, _scope: Scope, _subject: Subject) -> list[DataRecord]:
    """For holders that keep nothing by which a person could be found."""
    return []


@dataclass(frozen=True)
class DataHolder:
    """Who stores what about people. `name` is "<owner>.<what>"; texts are message ids.

    `what` is stored, `why` says the purpose, `recipients` who gets to see it beside the client's own people. Both
    functions get a subject found within the scope: `export` returns every record about her, `erase` removes or
    anonymises them in the given unit of work, is safe to run twice, and says what it keeps. `retention_days` is the
    default period; 0 for as long as the contact is there.
    """

    name: str
    title: str
    category: DataCategory
    what: str
    why: str
    retention_days: int
    tables: frozenset[str]
    erase: Callable[[UnitOfWork, Subject], ErasureReport]
    export: Callable[[Session, Scope, Subject], list[DataRecord]] = nothing_found
    recipients: str = ""
    file_stores: frozenset[str] = field(default_factory=frozenset)

    @property
    def owner(self) -> str:
        """Core, or the plugin whose data it is."""
        return self.name.partition(".")[0]


def record_of(row: Base, *, leave_out: tuple[str, ...] = (), **more: Any) -> DataRecord:
    """A row as a record: every column but those left out, JSON-ready, and what else is to be said."""
    columns = [attribute.key for attribute in inspect(type(row)).column_attrs if attribute.key not in leave_out]
    data = {key: _plain(getattr(row, key)) for key in columns} | more
    return DataRecord(row.__tablename__, data, data.get("client_id"))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
