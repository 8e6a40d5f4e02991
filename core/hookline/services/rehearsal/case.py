"""What a rehearsal is given and what comes of it: plain data, which a process of its own can be handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: Who or what answered.
PERSON, MACHINE, NOBODY = "person", "machine", "nobody"
#: How many points the course of a day has at most.
POINTS = 120


@dataclass(frozen=True)
class Reaction:
    """What one call to a contact brings, whenever it is made. Times in seconds.

    `settles`: from the answer until it is known that a person answered. `patience`: how long he waits for an agent.
    `later`: how long after this call's end the contact may be called with its next reaction.
    """

    contact: int
    who: str
    ring: float
    settles: float = 0.0
    patience: float = 2.0
    talk: float = 0.0
    wrap: float = 0.0
    success: bool = False
    later: float = 0.0


@dataclass(frozen=True)
class Model:
    """How people react, as far as is known: chances by time of day, durations as they were measured.

    `chances` are (from this second on, chance that a person answers), the first at 0; durations are drawn from the
    samples. `machine_chance` is of calls that no person answers.
    """

    chances: Sequence[tuple[float, float]]
    rings: Sequence[float]
    failing_rings: Sequence[float]
    talks: Sequence[float]
    wraps: Sequence[float]
    success_chance: float = 0.0
    machine_chance: float = 0.0
    settles: float = 0.0


@dataclass(frozen=True)
class Case:
    """One rehearsal. Seconds count from the beginning of its first day.

    `shifts` holds, for each agent, the (from, to) in which he is at work. Calls come from `reactions` in this order or,
    where there is a `model`, are `contacts` many that it makes up. `before` are the calls that count for the abandon
    ceiling already (answered, abandoned); at each of `resets` they are forgotten. `looks` are the seconds that agents
    look at a contact before they dial, where they dial themselves.
    """

    mode: str
    ratio: float
    ceiling: float
    ring_timeout: float
    shifts: Sequence[Sequence[tuple[float, float]]]
    reactions: Sequence[Reaction] = ()
    model: Model | None = None
    contacts: int = 0
    before: tuple[int, int] = (0, 0)
    resets: Sequence[float] = ()
    looks: Sequence[float] = ()
    machines_to_agents: bool = False
    grace: float = 2.0
    seed: int = 1

    @property
    def end(self) -> float:
        """When the last agent goes home."""
        return max((to for shift in self.shifts for _from, to in shift), default=0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain data; `from_json` is the reverse."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Case:
        """The reverse of `to_json`."""
        model = data["model"]
        return cls(
            **{
                **data,
                "reactions": [Reaction(**reaction) for reaction in data["reactions"]],
                "model": Model(**model) if model else None,
                "before": tuple(data["before"]),
            }
        )


@dataclass
class Outcome:
    """What came of a day, rehearsed or real.

    `contacts` are those that needed no further call that day, `left` calls that were not made. `finished` is when the
    last call was done with, None where calls were left. `course`: (second, contacts, agents busy, agents at work,
    answered, abandoned) from time to time.
    """

    calls: int = 0
    answered: int = 0
    connected: int = 0
    abandoned: int = 0
    contacts: int = 0
    successes: float = 0.0
    busy_seconds: float = 0.0
    work_seconds: float = 0.0
    left: int = 0
    finished: float | None = None
    course: list[tuple[float, int, int, int, int, int]] = field(default_factory=list)

    @property
    def utilisation(self) -> float | None:
        """The share of the time at work that agents talked or wrapped up."""
        return self.busy_seconds / self.work_seconds if self.work_seconds else None

    @property
    def abandon_rate(self) -> float | None:
        """Abandoned per answered by a person."""
        return self.abandoned / self.answered if self.answered else None

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the rates."""
        return {**asdict(self), "utilisation": self.utilisation, "abandon_rate": self.abandon_rate}
