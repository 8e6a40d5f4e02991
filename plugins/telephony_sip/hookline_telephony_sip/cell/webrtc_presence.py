"""Whether a browser is there, told by its sound alone: it sends RTP also while nobody speaks. Pure; the line acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

LOSS_SECONDS = 2.0
"""A browser from which nothing has come for so long is lost: one lost Wi-Fi beacon is not, a closed lid is."""


class Change(Enum):
    """What has become of it since the last look."""

    CAME = auto()  # the first sound: the leg is answered
    LOST = auto()
    BACK = auto()
    GONE = auto()  # stayed away for the whole grace time


@dataclass
class BrowserPresence:
    """One browser leg's standing. `grace_seconds`: for how long it may be away."""

    grace_seconds: float
    came: bool = False
    lost_at: float | None = None
    gone: bool = False

    def look(self, heard_at: float, now: float, *, left: bool = False) -> Change | None:
        """The change, if there is one. `heard_at`: when the last packet came, 0 for never; `left`: it said farewell."""
        if self.gone or not heard_at:
            return None
        if not left and now - heard_at < LOSS_SECONDS:
            return self._there()
        if self.lost_at is None:
            self.lost_at = heard_at
            return Change.LOST if self.came else None
        if now - self.lost_at < self.grace_seconds or not self.came:
            return None
        self.gone = True
        return Change.GONE

    def _there(self) -> Change | None:
        was_lost, self.lost_at = self.lost_at is not None, None
        if not self.came:
            self.came = True
            return Change.CAME
        return Change.BACK if was_lost else None
