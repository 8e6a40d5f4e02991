"""Whom the rehearsal calls next, and what the call brings: the day's own contacts, or those that a model makes up."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_right
from collections import defaultdict, deque

from hookline.services.rehearsal.case import MACHINE, NOBODY, PERSON, Case, Model, Reaction


class Recorded:
    """The day's reactions in their order; a contact's next one only after the former, when it would be due again."""

    def __init__(self, case: Case) -> None:
        self._following: dict[int, deque[Reaction]] = defaultdict(deque)
        self._fresh: deque[int] = deque()
        for reaction in case.reactions:
            if reaction.contact not in self._following:
                self._fresh.append(reaction.contact)
            self._following[reaction.contact].append(reaction)
        self._due: list[tuple[float, int, int]] = []
        self._made = 0
        self.left = len(case.reactions)

    def next(self, now: float) -> Reaction | None:
        """Whoever is due again, else the next who was not called yet; None where nobody is to be called now."""
        if self._due and self._due[0][0] <= now:
            contact = heapq.heappop(self._due)[2]
        elif self._fresh:
            contact = self._fresh.popleft()
        else:
            return None
        self.left -= 1
        return self._following[contact].popleft()

    def over(self, reaction: Reaction, at: float) -> bool:
        """The call is done with; whether the contact is."""
        if not self._following[reaction.contact]:
            return True
        self._made += 1
        heapq.heappush(self._due, (at + reaction.later, self._made, reaction.contact))
        return False


class MadeUp:
    """Contacts that a model makes up, each called once."""

    def __init__(self, case: Case, model: Model) -> None:
        self._model = model
        self._starts = [start for start, _chance in model.chances]
        self._rng = random.Random(case.seed)  # noqa: S311 - a rehearsal, to be repeated
        self._grace = case.grace
        self.left = case.contacts

    def next(self, now: float) -> Reaction | None:
        """One more contact; None after the last."""
        if self.left <= 0:
            return None
        self.left -= 1
        rng, model = self._rng, self._model
        chance = model.chances[max(0, bisect_right(self._starts, now) - 1)][1]
        if rng.random() < chance:
            success = rng.random() < model.success_chance
            times = (rng.choice(samples) for samples in (model.rings, model.talks, model.wraps))
            ring, talk, wrap = times
            return Reaction(self.left, PERSON, ring, model.settles, self._grace, talk, wrap, success)
        if rng.random() < model.machine_chance:
            talk, wrap = rng.choice(model.talks), rng.choice(model.wraps)
            return Reaction(self.left, MACHINE, rng.choice(model.rings), model.settles, self._grace, talk, wrap)
        return Reaction(self.left, NOBODY, rng.choice(model.failing_rings))

    def over(self, reaction: Reaction, at: float) -> bool:
        """The call is done with, and so is the contact."""
        return True


def source_of(case: Case) -> Recorded | MadeUp:
    """Where the case's calls come from."""
    return MadeUp(case, case.model) if case.model is not None else Recorded(case)
