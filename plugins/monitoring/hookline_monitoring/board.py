"""What the board shows: plain data, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hookline.domain.agents import AgentState

#: In this order agents stand on the board: who talks first, who is away last.
ORDER = (
    AgentState.ON_CALL,
    AgentState.RINGING,
    AgentState.RESERVED,
    AgentState.WRAP_UP,
    AgentState.PAUSED,
    AgentState.READY,
    AgentState.OFFLINE,
)


@dataclass(frozen=True)
class Figures:
    """Today's work: calls placed, those in which the two spoke, and the successes among them."""

    calls: int = 0
    answered: int = 0
    successes: int = 0

    @property
    def success_rate(self) -> float | None:
        """Successes per answered call, in percent; None where none was answered."""
        return 100 * self.successes / self.answered if self.answered else None

    def __add__(self, other: Figures) -> Figures:
        return Figures(self.calls + other.calls, self.answered + other.answered, self.successes + other.successes)


@dataclass(frozen=True)
class AgentRow:
    """An agent now. `contact` is empty where there is none or the watcher may not know; `elsewhere`: he works for a
    client that the watcher may not see. `talking_since` is set while customer and agent are connected. `joinable`: the
    watcher may come to his line; `watched`: he is there, in this mode ("" where not)."""

    user_id: int
    name: str
    state: AgentState
    reason: str
    since: datetime | None
    late: bool
    campaign: str
    contact: str
    elsewhere: bool
    talking_since: datetime | None
    on_hold: bool
    station: str
    station_state: str
    figures: Figures
    joinable: bool = False
    watched: str = ""


@dataclass(frozen=True)
class Board:
    """Everyone in the watcher's scope, and the sums of what is shown. `campaigns` are those he may choose from."""

    rows: tuple[AgentRow, ...]
    campaigns: tuple[tuple[int, str], ...]

    @property
    def totals(self) -> Figures:
        """Today's figures of all agents shown."""
        return sum((row.figures for row in self.rows), Figures())

    def count(self, state: AgentState) -> int:
        """How many are in the state."""
        return sum(1 for row in self.rows if row.state is state)
