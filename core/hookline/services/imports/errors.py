"""What may be wrong with a file as a whole, and with one row of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hookline.errors import InvalidInput


class FileRefused(InvalidInput):
    """The file as a whole cannot be imported; nothing was written. The message says what was found in it."""

    id = "file-refused"


class MappingRefused(InvalidInput):
    """The columns are not mapped to fields so that contacts come out."""

    id = "mapping-refused"


@dataclass(frozen=True)
class Remark:
    """Something about one row, as a message id and what fills it in."""

    message: str
    params: dict[str, object] = field(default_factory=dict)


class RowRejected(Exception):
    """The row cannot become a contact."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(remark.message)
        self.remark = remark
