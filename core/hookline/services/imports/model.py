"""What the import service is given and hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hookline.services.imports.errors import Remark
from hookline.services.imports.mapping import ColumnMap
from hookline.services.imports.reading import Dialect
from hookline.services.imports.rules import ImportRules


class ImportState(StrEnum):
    """How far an import has come."""

    UPLOADED = "uploaded"  # waits for its mapping
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"  # what was written before is kept
    UNDONE = "undone"


@dataclass(frozen=True)
class NewList:
    """A list that is made together with the import, where its file is accepted."""

    client_id: int
    name: str
    country: str


@dataclass(frozen=True)
class PreviewRow:
    """A row of the file as it would come in. `remarks` say what is wrong with it; rejected where `phones` is empty."""

    number: int
    cells: tuple[str, ...]
    phones: tuple[str, ...] = ()
    name: str = ""
    company: str = ""
    email: str = ""
    city: str = ""
    custom: dict[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What a person needs to see before the import starts."""

    dialect: Dialect
    mapping: ColumnMap
    rows: tuple[PreviewRow, ...]
    total: int
    notices: tuple[Remark, ...]
    #: Why it cannot start as it is mapped now; None where it can.
    problem: Remark | None


@dataclass(frozen=True)
class ReportLine:
    """A rejected row, or a remark on a row that was imported."""

    id: int
    row_number: int
    remark: Remark
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """How an import stands or what came of it: `imported` + `merged` + `rejected` = `done`, and `total` in the end.

    `duplicates` and `suppressed` are among the rejected; `removed` counts the contacts that undoing it removed.
    """

    id: int
    client_id: int
    list_id: int
    list_name: str
    client_name: str
    file_name: str
    state: ImportState
    total: int
    done: int
    imported: int
    merged: int
    rejected: int
    duplicates: int
    suppressed: int
    warnings: int
    removed: int
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    undone_at: datetime | None
    rules: ImportRules

    @property
    def can_be_undone(self) -> bool:
        """Whether it has ended and may have left something."""
        return self.state in (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)

    @property
    def percent(self) -> int:
        """How much of it is done, 0 to 100."""
        return 100 if not self.total else min(100, self.done * 100 // self.total)
