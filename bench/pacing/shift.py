"""A simulated shift: agents, calls and patience as events between ticks, an unlimited list, one question a second.

Utilisation is the share of logged-in time spent talking or wrapping up. A live person who has waited longer than the
grace, or whose patience is shorter, is abandoned.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from math import log
from typing import Protocol

from hookline.pacing import PacingSnapshot


class Controller(Protocol):
    """Anything that can be asked once a second."""

    def calls_to_place(self, snapshot: PacingSnapshot) -> int:
        """How many calls now."""


@dataclass(frozen=True)
class World:
    """How the people of a shift behave. Times in seconds; every duration has a mean and a shape."""

    agents: int
    answer_chance: float = 0.25
    later_chance: float | None = None  # from the middle of the shift on
    leave_and_return: bool = False  # 30 % of the agents
    bursts: bool = False  # now and then 2.5 times as many answer
    seconds: int = 4 * 3600
    talk: float = 120.0
    talk_shape: str = "lognormal"
    sigma: float = 0.7
    wrap: float = 20.0
    ring: float = 8.0
    ring_shape: str = "exponential"
    ring_timeout: float = 28.0
    busy: float = 0.3  # of those who do not answer: end after 1 s or a little more
    grace: float = 2.0
    patience: float | None = None
    connect_at_ticks: bool = False


@dataclass
class Outcome:
    """What came of a shift."""

    utilisation: float
    answered: int
    abandoned: int
    dialled: int

    @property
    def abandon_rate(self) -> float:
        """Of live answers."""
        return self.abandoned / max(1, self.answered)


class Doing(IntEnum):
    """What an agent is at."""

    IDLE, TALKING, WRAPPING, AWAY = range(4)


class What(IntEnum):
    """What happens next."""

    RING_ENDS, TALK_ENDS, WRAP_ENDS, GIVES_UP = range(4)


@dataclass
class Agent:
    """One seat."""

    doing: Doing = Doing.IDLE
    since: float = 0.0
    leaving: bool = False


@dataclass
class Line:
    """One call."""

    placed: float
    live: bool
    answered_at: float | None = None
    waiting: bool = False


@dataclass
class Shift:
    """One run of one world under one controller; deterministic by seed."""

    world: World
    controller: Controller
    seed: int
    busy_seconds: float = 0.0
    dialled: int = 0
    answered: int = 0
    connected: int = 0
    abandoned: int = 0
    events: list[tuple[str, float, float]] = field(default_factory=list)

    def run(self) -> Outcome:
        """Live through the shift."""
        self.rng = random.Random(self.seed)
        self.staff = [Agent() for _ in range(self.world.agents)]
        self.idle = deque(range(self.world.agents))
        self.lines: list[Line] = []
        self.ringing: dict[int, float] = {}
        self.queue: dict[int, float] = {}
        self.agenda: list[tuple[float, What, int]] = []
        self.burst, self.burst_changes = False, 0.0
        logged = 0.0
        for second in range(self.world.seconds):
            snapshot = self.step(float(second))
            logged += snapshot.logged_in
            self.place(snapshot.now, self.controller.calls_to_place(snapshot))
        for agent in self.staff:
            if agent.doing in (Doing.TALKING, Doing.WRAPPING):
                self.busy_seconds += self.world.seconds - agent.since
        return Outcome(self.busy_seconds / logged, self.answered, self.abandoned, self.dialled)

    def step(self, now: float) -> PacingSnapshot:
        """Everything up to this second, and how it looks then."""
        while self.agenda and self.agenda[0][0] <= now:
            self.happen(*heapq.heappop(self.agenda))
        if self.world.connect_at_ticks:
            while self.queue and self.idle:
                self.connect(now, self.take_first(), self.idle.popleft())
        if self.world.leave_and_return:
            self.come_and_go(now)
        return self.snapshot(now)

    def happen(self, at: float, what: What, who: int) -> None:
        """One event."""
        if what is What.RING_ENDS:
            self.ring_ends(at, who)
        elif what is What.GIVES_UP:
            if self.lines[who].waiting:
                self.lines[who].waiting = False
                self.abandoned += 1
                self.events.append(("abandon", at, at - self.queue.pop(who)))
        else:
            agent = self.staff[who]
            self.busy_seconds += at - agent.since
            ended = "talk_end" if what is What.TALK_ENDS else "wrap_end"
            self.events.append((ended, at, at - agent.since))
            if what is What.TALK_ENDS and self.world.wrap > 0:
                agent.doing, agent.since = Doing.WRAPPING, at
                self.later(at + self.lognormal(self.world.wrap, self.world.sigma), What.WRAP_ENDS, who)
            else:
                self.agent_free(at, who)

    def ring_ends(self, at: float, who: int) -> None:
        """A call is answered or fails."""
        line = self.lines[who]
        del self.ringing[who]
        self.events.append(("answer" if line.live else "fail", at, at - line.placed))
        if not line.live:
            return
        self.answered += 1
        line.answered_at = at
        if self.idle:
            self.connect(at, who, self.idle.popleft())
            return
        line.waiting = True
        self.queue[who] = at
        patience = self.rng.expovariate(1 / self.world.patience) if self.world.patience else self.world.grace
        self.later(at + min(self.world.grace, patience) + 1e-9, What.GIVES_UP, who)

    def connect(self, at: float, who: int, seat: int) -> None:
        """A live person and an agent talk."""
        self.connected += 1
        line, agent = self.lines[who], self.staff[seat]
        line.waiting = False
        self.events.append(("connect", at, at - (line.answered_at or at)))
        agent.doing, agent.since = Doing.TALKING, at
        self.later(at + self.duration(self.world.talk, self.world.talk_shape), What.TALK_ENDS, seat)

    def agent_free(self, at: float, seat: int) -> None:
        """To the first who waits, else idle; or home."""
        agent = self.staff[seat]
        if agent.leaving:
            agent.doing, agent.leaving = Doing.AWAY, False
            self.events.append(("logout", at, 0.0))
        elif self.queue and not self.world.connect_at_ticks:
            self.connect(at, self.take_first(), seat)
        else:
            agent.doing, agent.since = Doing.IDLE, at
            self.idle.append(seat)

    def take_first(self) -> int:
        """Who waited longest leaves the queue."""
        first = next(iter(self.queue))
        del self.queue[first]
        return first

    def come_and_go(self, now: float) -> None:
        """Three in ten leave one after the other before the middle of the shift, and return after it."""
        leavers = max(1, round(0.3 * self.world.agents))
        for seat in range(leavers):
            agent = self.staff[seat]
            if now == int(self.world.seconds * (0.3 + 0.2 * seat / leavers)):
                if agent.doing is Doing.IDLE:
                    self.idle.remove(seat)
                    agent.doing = Doing.AWAY
                    self.events.append(("logout", now, 0.0))
                else:
                    agent.leaving = True
            if now == int(self.world.seconds * (0.6 + 0.15 * seat / leavers)):
                agent.leaving = False
                if agent.doing is Doing.AWAY:
                    self.events.append(("login", now, 0.0))
                    self.agent_free(now, seat)

    def snapshot(self, now: float) -> PacingSnapshot:
        """What the controller sees."""
        doing = [a.doing for a in self.staff]
        found = PacingSnapshot(
            now=now,
            logged_in=len(doing) - doing.count(Doing.AWAY),
            idle=len(self.idle),
            talking=tuple(now - a.since for a in self.staff if a.doing is Doing.TALKING),
            wrapping=tuple(now - a.since for a in self.staff if a.doing is Doing.WRAPPING),
            ringing=tuple(now - placed for placed in self.ringing.values()),
            queued=tuple(now - since for since in self.queue.values()),
            dialled=self.dialled,
            answered=self.answered,
            connected=self.connected,
            abandoned=self.abandoned,
            logging_out=sum(a.leaving for a in self.staff),
            events=tuple(self.events),
            grace_seconds=self.world.grace,
            ring_timeout=self.world.ring_timeout,
        )
        self.events.clear()
        return found

    def place(self, now: float, calls: int) -> None:
        """Dial."""
        chance = self.chance(now)
        for _ in range(calls):
            live = self.rng.random() < chance
            if live:
                rings = min(self.world.ring_timeout - 0.01, self.duration(self.world.ring, self.world.ring_shape))
            elif self.rng.random() < self.world.busy:
                rings = 1 + self.rng.expovariate(0.5)
            else:
                rings = self.world.ring_timeout
            self.ringing[self.dialled] = now
            self.lines.append(Line(now, live))
            self.later(now + rings, What.RING_ENDS, self.dialled)
            self.dialled += 1

    def chance(self, now: float) -> float:
        """That somebody answers a call placed now."""
        late = now >= self.world.seconds / 2 and self.world.later_chance is not None
        chance = self.world.later_chance if late and self.world.later_chance else self.world.answer_chance
        if self.world.bursts:
            if now >= self.burst_changes:
                self.burst = not self.burst
                self.burst_changes = now + self.rng.expovariate(1 / (120 if self.burst else 600))
            chance = min(0.9, chance * 2.5) if self.burst else chance
        return chance

    def later(self, at: float, what: What, who: int) -> None:
        """Put an event on the agenda."""
        heapq.heappush(self.agenda, (at, what, who))

    def duration(self, mean: float, shape: str) -> float:
        """A random duration."""
        if shape == "exponential":
            return self.rng.expovariate(1 / mean)
        if shape == "gamma":
            return self.rng.gammavariate(3, mean / 3)
        if shape == "uniform":
            return self.rng.uniform(0, 2 * mean)
        if shape == "two kinds":
            short = self.rng.random() < 0.4
            return self.rng.expovariate(4 / mean) if short else self.lognormal(mean * 1.5, 0.5)
        return self.lognormal(mean, self.world.sigma)

    def lognormal(self, mean: float, sigma: float) -> float:
        """Of this mean."""
        return self.rng.lognormvariate(log(mean) - sigma * sigma / 2, sigma)
