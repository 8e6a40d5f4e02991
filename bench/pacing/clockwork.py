"""A second simulated shift, built unlike the first so that the pacer is fitted to neither: everything happens at ticks.

All durations are whole seconds, drawn when they begin and put into the diary of the second in which they end; people
wait in a line and are given to agents once a second. Rings are constant unless the floor says otherwise, and those who
do not answer ring to the timeout, or as long as those who do. A floor may leave its events untold: then the pacer sees
only totals and ages.
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field
from math import ceil, exp

from bench.pacing.shift import Controller, Outcome
from hookline.pacing import PacingSnapshot


@dataclass(frozen=True)
class Floor:
    """How a floor works. Seconds; chances from 0 to 1."""

    agents: int
    chance: float = 0.25
    chance_later: float | None = None  # from the middle of the shift on
    absence: float = 0.0  # share of the agents that is away in the third quarter of the shift
    storms: float = 1.0  # every ten minutes, for two, so many times as many answer
    seconds: int = 4 * 3600
    talk: float = 120.0
    talk_spread: float = 0.7  # of the logarithm; 0: always the same
    wrap: float = 20.0
    ring: float = 8.0
    ring_kind: str = "constant"
    unanswered_like_answered: bool = False
    timeout: int = 20
    grace: int = 2
    patience: float | None = None  # mean seconds, where people hang up before the grace is over
    told: bool = True


@dataclass
class Clockwork:
    """One run; deterministic by seed."""

    floor: Floor
    controller: Controller
    seed: int
    dialled: int = 0
    answered: int = 0
    connected: int = 0
    abandoned: int = 0
    events: list[tuple[str, float, float]] = field(default_factory=list)

    def run(self) -> Outcome:
        """From the first second to the last."""
        self.rng = random.Random(f"clockwork {self.seed}")
        self.ends: dict[int, list[tuple[int, int]]] = defaultdict(list)  # ring ends: (placed at, answers)
        self.talks: dict[int, list[int]] = defaultdict(list)  # begun at, by the second they end in
        self.wraps: dict[int, list[int]] = defaultdict(list)
        self.ringing: dict[int, int] = defaultdict(int)  # calls by the second they were placed in
        self.talking: dict[int, int] = defaultdict(int)
        self.wrapping: dict[int, int] = defaultdict(int)
        self.line: deque[tuple[int, int]] = deque()  # (since, gives up at)
        self.ready, self.to_leave, self.away = self.floor.agents, 0, 0
        busy = present = 0
        for now in range(self.floor.seconds):
            self.tick(now)
            working = sum(self.talking.values()) + sum(self.wrapping.values())
            busy += working
            present += working + self.ready
            calls = self.controller.calls_to_place(self.snapshot(now, working))
            self.dial(now, calls)
        return Outcome(busy / present, self.answered, self.abandoned, self.dialled)

    def tick(self, now: int) -> None:
        """What this second brings: agents first, so that nobody is lost who need not be."""
        for begun in self.wraps.pop(now, ()):
            self.wrapping[begun] -= 1
            self.tell("wrap_end", now, now - begun)
            self.freed(now)
        for begun in self.talks.pop(now, ()):
            self.talking[begun] -= 1
            self.tell("talk_end", now, now - begun)
            self.wrapping[now] += 1
            self.wraps[now + self.lasting(self.floor.wrap, 0.5)].append(now)
        self.staff(now)
        for placed, answers in self.ends.pop(now, ()):
            self.ringing[placed] -= 1
            self.tell("answer" if answers else "fail", now, now - placed)
            if answers:
                self.answered += 1
                self.line.append((now, now + self.waits()))
        while self.line and self.ready:
            since, _ = self.line.popleft()
            self.connected += 1
            self.tell("connect", now, now - since)
            self.ready -= 1
            self.talking[now] += 1
            self.talks[now + self.lasting(self.floor.talk, self.floor.talk_spread)].append(now)
        for person in [person for person in self.line if person[1] <= now]:
            self.line.remove(person)
            self.abandoned += 1
            self.tell("abandon", now, now - person[0])

    def staff(self, now: int) -> None:
        """A share of the agents goes away at half time, and is back for the last quarter."""
        share = round(self.floor.absence * self.floor.agents)
        if now == self.floor.seconds // 2:
            self.to_leave = share
            while self.to_leave and self.ready:
                self.ready -= 1
                self.gone(now)
        elif now == self.floor.seconds * 3 // 4:
            self.to_leave = 0
            for _ in range(self.away):
                self.tell("login", now, 0)
            self.ready += self.away
            self.away = 0

    def freed(self, now: int) -> None:
        """An agent is done."""
        if self.to_leave:
            self.gone(now)
        else:
            self.ready += 1

    def gone(self, now: int) -> None:
        """An agent leaves."""
        self.to_leave -= 1
        self.away += 1
        self.tell("logout", now, 0)

    def dial(self, now: int, calls: int) -> None:
        """Place calls; each is decided at once."""
        chance = self.floor.chance
        if self.floor.chance_later is not None and now >= self.floor.seconds / 2:
            chance = self.floor.chance_later
        if now % 600 < 120:
            chance = min(0.9, chance * self.floor.storms)
        for _ in range(calls):
            answers = self.rng.random() < chance
            rings = self.rings() if answers or self.floor.unanswered_like_answered else self.floor.timeout
            self.ends[now + rings].append((now, answers))
        self.ringing[now] += calls
        self.dialled += calls

    def rings(self) -> int:
        """Seconds until somebody answers."""
        mean, kind = self.floor.ring, self.floor.ring_kind
        if kind == "uniform":
            seconds = self.rng.uniform(0, 2 * mean)
        elif kind == "gamma":
            seconds = self.rng.gammavariate(4, mean / 4)
        elif kind == "lognormal":
            seconds = mean * exp(self.rng.gauss(-0.125, 0.5))
        elif kind == "peaked":
            seconds = self.rng.triangular(mean - 2, mean + 2)
        else:
            seconds = mean
        return max(1, min(self.floor.timeout, ceil(seconds)))

    def lasting(self, mean: float, spread: float) -> int:
        """Whole seconds of a lognormal duration."""
        return max(1, ceil(mean * exp(self.rng.gauss(-spread * spread / 2, spread))))

    def waits(self) -> int:
        """Seconds until a person is abandoned: after the grace, that is in the second after it."""
        grace = self.floor.grace
        if self.floor.patience is None:
            return grace + 1
        return min(grace + 1, ceil(self.rng.expovariate(1 / self.floor.patience)))

    def tell(self, kind: str, at: int, seconds: int) -> None:
        """For the next snapshot, where the floor tells."""
        if self.floor.told:
            self.events.append((kind, float(at), float(seconds)))

    def snapshot(self, now: int, working: int) -> PacingSnapshot:
        """What the controller sees."""
        events, self.events = tuple(self.events), []
        return PacingSnapshot(
            now=float(now),
            logged_in=self.ready + working,
            idle=self.ready,
            talking=ages(self.talking, now),
            wrapping=ages(self.wrapping, now),
            ringing=ages(self.ringing, now),
            queued=tuple(float(now - since) for since, _ in self.line),
            dialled=self.dialled,
            answered=self.answered,
            connected=self.connected,
            abandoned=self.abandoned,
            logging_out=self.to_leave,
            events=events,
            grace_seconds=float(self.floor.grace),
            ring_timeout=float(self.floor.timeout),
        )


def ages(begun: dict[int, int], now: int) -> tuple[float, ...]:
    """One age for each; empty seconds are forgotten."""
    for second in [second for second, count in begun.items() if not count]:
        del begun[second]
    return tuple(float(now - second) for second, count in begun.items() for _ in range(count))
