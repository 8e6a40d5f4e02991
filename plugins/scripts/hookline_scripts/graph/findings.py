"""What the checker has to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hookline.text import fill


class Severity(StrEnum):
    """An error keeps a script from being published; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing: a stable code, the node it is about ("" for the whole), a message id with its params, the line."""

    severity: Severity
    code: str
    node: str
    message: str
    params: dict[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def text(self) -> str:
        """The message in English."""
        return fill(self.message, self.params)
