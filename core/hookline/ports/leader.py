"""Leadership: of all processes of an installation, one runs the jobs."""

from __future__ import annotations

from typing import Protocol


class Leadership(Protocol):
    """A lock that one process holds as long as it lives."""

    def lead(self) -> bool:
        """Whether this process leads; tries to become it. Cheap, and may be asked again and again."""
        ...

    def give_up(self) -> None:
        """Let another lead."""
        ...
