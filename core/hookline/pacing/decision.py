"""What a pacer is told, what it answers, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True)
class PacingSnapshot:
    """A campaign at one tick. All times are seconds; `now` may have any origin but must not go back.

    `answered` counts live persons only, `abandoned` those of them whom no agent reached in time; the four totals are
    the campaign's over the window of its ceiling. `events` happened since the last tick, as (kind, at, seconds): answer
    and fail with the ring's age, connect and abandon with the wait, talk_end and wrap_end with the duration, login and
    logout with 0. `limit` is the most calls that may be placed now, None for no such bound; 0 pauses.
    """

    now: float
    tick: float = 1.0
    logged_in: int = 0
    idle: int = 0
    talking: tuple[float, ...] = ()
    wrapping: tuple[float, ...] = ()
    ringing: tuple[float, ...] = ()
    queued: tuple[float, ...] = ()
    dialled: int = 0
    answered: int = 0
    connected: int = 0
    abandoned: int = 0
    logging_out: int = 0
    events: tuple[tuple[str, float, float], ...] = ()
    limit: int | None = None
    grace_seconds: float = 2.0
    ring_timeout: float = 30.0


class Reason(StrEnum):
    """Why this number; stable, for records and API clients."""

    MANUAL = "manual"
    PAUSED = "paused"  # the limit is 0
    NO_READY_AGENT = "no-ready-agent"
    ONE_PER_READY_AGENT = "one-per-ready-agent"
    RATIO = "ratio"
    AT_THE_CEILING = "at-the-ceiling"  # fell back to one call per ready agent
    ZERO_ABANDON = "zero-abandon"  # the ceiling is 0
    LEARNING = "learning"  # too few outcomes known: one call per ready agent
    RISK_ALLOWS = "risk-allows"
    RISK_HOLDS_BACK = "risk-holds-back"  # one more call would be too likely to find no agent
    PLUGIN = "plugin"  # a plugin's pacer wants it and gives no reason
    LIMIT = "limit"  # more would have been placed than may be


@dataclass(frozen=True)
class PacingDecision:
    """One tick's answer, kept for the record. `numbers` are the inputs and estimates it came from, by stable name."""

    at: float
    pacer: str
    calls: int
    reason: Reason
    numbers: Mapping[str, float] = field(default_factory=dict)


class Pacer(Protocol):
    """Decides how many calls to place. One object serves one campaign, since it may learn from what it is told."""

    name: str

    @property
    def last_decision(self) -> PacingDecision | None:
        """The latest tick's answer with its reason; None before the first."""

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """How many calls to place in this tick: 0 or more, at most `snapshot.limit`, 0 where no agent is ready."""


def uncovered(snapshot: PacingSnapshot) -> int:
    """Ready agents for whom neither a ringing call nor a waiting person is under way."""
    return max(0, snapshot.idle - len(snapshot.ringing) - len(snapshot.queued))


def conclude(snapshot: PacingSnapshot, pacer: str, wanted: int, reason: Reason, **numbers: float) -> PacingDecision:
    """A decision within the bounds that hold for every pacer: no ready agent, no call; never above the limit."""
    inputs: dict[str, float] = {
        "logged_in": snapshot.logged_in,
        "idle": snapshot.idle,
        "talking": len(snapshot.talking),
        "wrapping": len(snapshot.wrapping),
        "ringing": len(snapshot.ringing),
        "queued": len(snapshot.queued),
        "answered": snapshot.answered,
        "abandoned": snapshot.abandoned,
    }
    calls = max(0, wanted)
    if snapshot.limit is not None and snapshot.limit <= 0:
        calls, reason = 0, Reason.PAUSED
    elif min(snapshot.idle, snapshot.logged_in) <= 0 and reason is not Reason.MANUAL:
        calls, reason = 0, Reason.NO_READY_AGENT
    elif snapshot.limit is not None and calls > snapshot.limit:
        calls, reason = snapshot.limit, Reason.LIMIT
    return PacingDecision(snapshot.now, pacer, calls, reason, inputs | numbers)
