"""A day of a campaign on a virtual clock: agents and calls as events between ticks, one question to the pacer a second.

The pacer is the dialler's own, asked with the same snapshot. A person who is not connected within the grace is
abandoned, as on the floor.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from itertools import count

from hookline.pacing import PacingSnapshot, create_pacer
from hookline.services.rehearsal.case import MACHINE, NOBODY, POINTS, Case, Outcome, Reaction
from hookline.services.rehearsal.source import source_of

#: An answering machine is let go after so long, where the campaign does not bring it to an agent.
_MACHINE_SECONDS = 2.0
_PROGRESS_EVERY = 300
#: A campaign places at most so many calls in one tick (as hookline.services.dialler.service.MOST_AT_ONCE).
_MOST_AT_ONCE = 200
#: Modes in which each agent dials for himself.
_BY_HAND = ("manual", "preview")


class _Doing(IntEnum):
    AWAY, IDLE, LOOKING, RINGING, TALKING, WRAPPING = range(6)


class _What(IntEnum):
    COMES, GOES, LOOKED, RING_ENDS, SETTLED, GIVES_UP, TALK_ENDS, WRAP_ENDS = range(8)


@dataclass
class _Seat:
    doing: _Doing = _Doing.AWAY
    since: float = 0.0
    came: float = 0.0
    leaving: bool = False


@dataclass
class _Line:
    reaction: Reaction
    placed: float
    seat: int | None = None  # the agent who dialled it himself
    waits_since: float | None = None


class Rehearsal:
    """Lives through one case; deterministic."""

    def __init__(self, case: Case, progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
        self._case = case
        self._progress = progress
        self._source = source_of(case)
        self._by_hand = case.mode in _BY_HAND
        self._pacer = create_pacer("manual" if self._by_hand else case.mode, case.ceiling, ratio=case.ratio)
        self._rng = random.Random(case.seed + 1)  # noqa: S311 - a rehearsal, to be repeated
        self._seats = [_Seat() for _ in case.shifts]
        self._idle: deque[int] = deque()
        self._lines: dict[int, _Line] = {}
        self._ringing: dict[int, float] = {}
        self._waiting: dict[int, float] = {}
        self._agenda: list[tuple[float, int, _What, int]] = []
        self._order, self._names = count(), count()
        self._events: list[tuple[str, float, float]] = []
        self._counted = [0, *case.before]  # dialled, answered, abandoned, as the ceiling counts them
        self._resets = deque(case.resets)
        self._last = 0.0  # when something last ended
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Live through it."""
        for seat, shift in enumerate(self._case.shifts):
            for begins, ends in shift:
                self._later(begins, _What.COMES, seat)
                self._later(ends, _What.GOES, seat)
        end, first = self._case.end, min((shift[0][0] for shift in self._case.shifts if shift), default=0.0)
        every = max(10.0, (end - first) / POINTS)
        now, noted = 0.0, float(int(first))
        while now <= end or self._under_way():
            now = self._skip_to(now)
            self._live_until(now)
            if int(now) % _PROGRESS_EVERY == 0:
                self._progress(min(int(now), int(end)), int(end))
            if now >= noted:
                self._note(now)
                noted = now - now % every + every
            if self._source.left <= 0 and not self._under_way():
                break
            self._place(now)
            now += 1.0
        return self._conclude(now)

    def _conclude(self, now: float) -> Outcome:
        for seat in self._seats:
            if seat.doing is not _Doing.AWAY:
                self.outcome.work_seconds += self._last - seat.came
        self._note(now)
        self.outcome.left = self._source.left
        self.outcome.finished = self._last if self._source.left <= 0 else None
        return self.outcome

    def _skip_to(self, now: float) -> float:
        """Nobody is there and nothing is going on: on to the moment when somebody comes."""
        nobody = all(seat.doing is _Doing.AWAY for seat in self._seats) and not self._under_way()
        if not nobody or not self._agenda:
            return now
        return max(now, float(int(self._agenda[0][0])))

    def _under_way(self) -> bool:
        busy = (_Doing.TALKING, _Doing.WRAPPING)
        return bool(self._lines) or any(seat.doing in busy for seat in self._seats)

    # Events

    def _later(self, at: float, what: _What, who: int) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), what, who))

    def _live_until(self, now: float) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            at, _order, what, who = heapq.heappop(self._agenda)
            while self._resets and self._resets[0] <= at:
                self._resets.popleft()
                self._counted = [0, 0, 0]
            self._happen(at, what, who)

    def _happen(self, at: float, what: _What, who: int) -> None:
        match what:
            case _What.COMES:
                self._comes(at, who)
            case _What.GOES:
                self._goes(at, who)
            case _What.LOOKED:
                self._looked(at, who)
            case _What.RING_ENDS:
                self._ring_ends(at, who)
            case _What.SETTLED:
                self._settled(at, who)
            case _What.GIVES_UP:
                self._gives_up(at, who)
            case _What.TALK_ENDS:
                self._talk_ends(at, who)
            case _What.WRAP_ENDS:
                self._wrap_ends(at, who)

    def _comes(self, at: float, who: int) -> None:
        seat = self._seats[who]
        seat.leaving = False
        if seat.doing is _Doing.AWAY:
            seat.came = at
            self._events.append(("login", at, 0.0))
            self._free(at, who)

    def _goes(self, at: float, who: int) -> None:
        seat = self._seats[who]
        if seat.doing in (_Doing.IDLE, _Doing.LOOKING):
            if who in self._idle:
                self._idle.remove(who)
            self._leave(at, seat)
        else:
            seat.leaving = seat.doing is not _Doing.AWAY

    def _leave(self, at: float, seat: _Seat) -> None:
        self.outcome.work_seconds += at - seat.came
        seat.doing, seat.leaving = _Doing.AWAY, False
        self._events.append(("logout", at, 0.0))

    def _free(self, at: float, who: int) -> None:
        """The agent takes whoever waits longest, else he is ready; or he goes home."""
        seat = self._seats[who]
        if seat.leaving:
            self._leave(at, seat)
        elif self._waiting:
            self._connect(at, next(iter(self._waiting)), who)
        elif self._by_hand and self._source.left > 0:
            seat.doing, seat.since = _Doing.LOOKING, at
            looks = self._case.looks
            self._later(at + (self._rng.choice(looks) if looks else 0.0), _What.LOOKED, who)
        else:
            seat.doing, seat.since = _Doing.IDLE, at
            self._idle.append(who)

    def _looked(self, at: float, who: int) -> None:
        seat = self._seats[who]
        if seat.doing is not _Doing.LOOKING:
            return  # he went home meanwhile
        reaction = self._source.next(at)
        if reaction is None:
            seat.doing, seat.since = _Doing.IDLE, at
            self._idle.append(who)
            return
        seat.doing, seat.since = _Doing.RINGING, at
        self._dial(at, reaction, who)

    def _ring_ends(self, at: float, name: int) -> None:
        line = self._lines[name]
        self._ringing.pop(name, None)
        if line.reaction.who == NOBODY:
            self._events.append(("fail", at, at - line.placed))
            self._over(at, name)
            return
        machine = line.reaction.who == MACHINE and not self._case.machines_to_agents
        if not machine:
            self._counted[1] += 1
            self.outcome.answered += 1
            self._events.append(("answer", at, at - line.placed))
        self._later(at + (_MACHINE_SECONDS if machine else line.reaction.settles), _What.SETTLED, name)

    def _settled(self, at: float, name: int) -> None:
        line = self._lines[name]
        if line.reaction.who == MACHINE and not self._case.machines_to_agents:
            self._over(at, name)
        elif line.seat is not None:
            self._connect(at, name, line.seat)
        elif self._idle:
            self._connect(at, name, self._idle.popleft())
        else:
            line.waits_since = self._waiting[name] = at
            patience = min(self._case.grace, line.reaction.patience)
            self._later(at + patience + 1e-9, _What.GIVES_UP, name)

    def _gives_up(self, at: float, name: int) -> None:
        if name not in self._waiting:
            return
        self._events.append(("abandon", at, at - self._waiting.pop(name)))
        self._counted[2] += 1
        self.outcome.abandoned += 1
        self._over(at, name)

    def _connect(self, at: float, name: int, who: int) -> None:
        line, seat = self._lines[name], self._seats[who]
        self._waiting.pop(name, None)
        self._events.append(("connect", at, at - (at if line.waits_since is None else line.waits_since)))
        seat.doing, seat.since = _Doing.TALKING, at
        line.seat = who
        self.outcome.connected += 1
        self._later(at + line.reaction.talk, _What.TALK_ENDS, name)

    def _talk_ends(self, at: float, name: int) -> None:
        line = self._lines[name]
        who = line.seat if line.seat is not None else 0
        seat = self._seats[who]
        self._events.append(("talk_end", at, at - seat.since))
        self.outcome.busy_seconds += at - seat.since
        self.outcome.successes += line.reaction.success
        seat.doing, seat.since = _Doing.WRAPPING, at
        line.seat = None
        self._over(at, name)
        self._later(at + line.reaction.wrap, _What.WRAP_ENDS, who)

    def _wrap_ends(self, at: float, who: int) -> None:
        seat = self._seats[who]
        self._events.append(("wrap_end", at, at - seat.since))
        self.outcome.busy_seconds += at - seat.since
        self._last = max(self._last, at)
        self._free(at, who)

    def _over(self, at: float, name: int) -> None:
        """The call is done with; an agent who dialled it himself goes on."""
        line = self._lines.pop(name)
        self._last = max(self._last, at)
        self.outcome.contacts += self._source.over(line.reaction, at)
        if line.seat is not None:
            self._free(at, line.seat)

    # Ticks

    def _place(self, now: float) -> None:
        if self._by_hand:
            self._events.clear()  # nobody asks a pacer
            self._wake_by_hand(now)
            return
        snapshot = self._snapshot(now)
        wanted = min(self._pacer.calls_to_place(snapshot), _MOST_AT_ONCE) if snapshot.logged_in else 0
        for _ in range(wanted):
            reaction = self._source.next(now)
            if reaction is None:
                return
            self._dial(now, reaction, None)

    def _wake_by_hand(self, now: float) -> None:
        """Agents whom nobody could be shown look again: somebody may be due by now."""
        for _ in range(len(self._idle) if self._source.left > 0 else 0):
            reaction = self._source.next(now)
            if reaction is None:
                return
            who = self._idle.popleft()
            self._seats[who].doing, self._seats[who].since = _Doing.RINGING, now
            self._dial(now, reaction, who)

    def _dial(self, now: float, reaction: Reaction, seat: int | None) -> None:
        name = next(self._names)
        self._lines[name] = _Line(reaction, now, seat)
        self._ringing[name] = now
        self._counted[0] += 1
        self.outcome.calls += 1
        self._later(now + reaction.ring, _What.RING_ENDS, name)

    def _snapshot(self, now: float) -> PacingSnapshot:
        doing = [seat.doing for seat in self._seats]
        events, self._events = tuple(self._events), []
        dialled, answered, abandoned = self._counted
        return PacingSnapshot(
            now=now,
            logged_in=len(doing) - doing.count(_Doing.AWAY),
            idle=len(self._idle),
            talking=self._elapsed(now, _Doing.TALKING),
            wrapping=self._elapsed(now, _Doing.WRAPPING),
            ringing=tuple(now - placed for placed in self._ringing.values()),
            queued=tuple(now - since for since in self._waiting.values()),
            dialled=dialled,
            answered=answered,
            connected=self.outcome.connected,
            abandoned=abandoned,
            logging_out=sum(seat.leaving for seat in self._seats),
            events=events,
            limit=_MOST_AT_ONCE,
            grace_seconds=self._case.grace,
            ring_timeout=self._case.ring_timeout,
        )

    def _elapsed(self, now: float, doing: _Doing) -> tuple[float, ...]:
        return tuple(now - seat.since for seat in self._seats if seat.doing is doing)

    def _note(self, now: float) -> None:
        doing = [seat.doing for seat in self._seats]
        busy = doing.count(_Doing.TALKING) + doing.count(_Doing.WRAPPING)
        here, out = len(doing) - doing.count(_Doing.AWAY), self.outcome
        out.course.append((now, out.contacts, busy, here, out.answered, out.abandoned))
