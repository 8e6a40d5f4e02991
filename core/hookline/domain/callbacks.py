"""Callbacks: promised later calls. The promise is a wall time in the contact's zone; the moment follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class CallbackState(StrEnum):
    """Whether the promise is still to be kept."""

    OPEN = "open"
    DONE = "done"  # the contact was called again
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class CallbackWish:
    """What was agreed: `wall`, naive local time at the contact's; `personal`: by this agent, else by anyone."""

    wall: datetime
    personal: bool = False


def moment_of(wall: datetime, zone: str) -> datetime:
    """The UTC moment of a wall time in a zone.

    Where clocks are turned: a time that is skipped becomes the one it would have been (02:30 means 03:30), a time that
    comes twice means the first of the two.
    """
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
