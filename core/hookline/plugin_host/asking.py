"""Asks every policy within one deadline: all of them on one worker, so that a soundly answering set costs one hop.

Where the set is not through after a moment, more workers join in: a slow policy then delays no other. At the deadline
what has not answered is refused, and its worker is left behind. A plugin of which several calls still hang is refused
at once, until one of them comes back: it must not eat up the threads.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from operator import length_hint
from time import perf_counter_ns
from typing import Any, cast

import structlog

from hookline.domain.dialling import DialRequest, Refusal
from hookline.plugin_host.dispatch import Implementation
from hookline.plugin_host.faults import Fault, fault_of, hang_of
from hookline.plugin_host.workers import Workers
from hookline.ports.hooks import PolicyAnswer
from hookline.text import N_

log = structlog.get_logger(__name__)

HOOK = "hookline_dial_refusals"
#: A policy that answers later than this counts as a refusal.
POLICY_SECONDS = 2.0
#: After this, those that have not been asked yet are asked side by side.
_PATIENCE_SECONDS = 0.05
_SIDE_BY_SIDE = 16
#: So many calls of one plugin may hang before it is no longer asked.
HANGING_ALLOWED = 3

FAILED = N_("The policy of plugin %(plugin)s failed, so the call is not made. Tell your administrator.")
LATE = N_("The policy of plugin %(plugin)s did not answer in time, so the call is not made. Tell your administrator.")
HANGS = N_("The policy of plugin %(plugin)s has stopped answering, so the call is not made. Tell your administrator.")


class PolicyAsker:
    """Puts a request to policies; `on_fault` gets what they do wrong."""

    def __init__(self, workers: Workers, on_fault: Callable[[Fault], None]) -> None:
        self._workers = workers
        self._on_fault = on_fault
        self._hanging: Counter[str] = Counter()
        self._lock = threading.Lock()

    def hanging(self) -> dict[str, int]:
        """How many calls hang now, by plugin."""
        with self._lock:
            return {plugin: count for plugin, count in self._hanging.items() if count > 0}

    def ask(self, asked: Sequence[Implementation], request: DialRequest) -> list[PolicyAnswer]:
        """Everyone's answer, within POLICY_SECONDS; an error, nonsense or silence is a refusal."""
        refused: list[PolicyAnswer] = []
        if self._hanging:
            stuck = {plugin for plugin, count in self.hanging().items() if count >= HANGING_ALLOWED}
            refused = [unanswered(one.plugin, HANGS) for one in asked if one.plugin in stuck]
            asked = [one for one in asked if one.plugin not in stuck]
        if not asked:
            return refused
        this = _Round(asked, request, self._on_fault, self._back)
        self._workers.start(this.work)
        if this.done.acquire(timeout=min(_PATIENCE_SECONDS, POLICY_SECONDS)) or self._wait_longer(this):
            return refused + this.answers()
        return refused + this.settled()

    def _wait_longer(self, this: _Round) -> bool:
        for _ in range(min(length_hint(this.todo), _SIDE_BY_SIDE)):
            self._workers.start(this.work)
        if this.done.acquire(timeout=max(0.0, POLICY_SECONDS - _PATIENCE_SECONDS)):
            return True
        with self._lock:
            late = this.give_up()
            self._hanging.update(one.plugin for one, _ in late)
        for one, thread in late:
            log.error("policy did not answer in time", plugin=one.plugin)
            self._on_fault(hang_of(one.plugin, HOOK, thread, POLICY_SECONDS))
        return False

    def _back(self, this: _Round, index: int, plugin: str) -> None:
        """A call that was given up has returned."""
        with self._lock:
            if index in this.given_up:
                this.given_up.discard(index)
                self._hanging[plugin] -= 1
                if self._hanging[plugin] <= 0:
                    del self._hanging[plugin]


class _Round:
    """One request put to every policy. `work` may run on several workers: each takes what is still to be asked."""

    __slots__ = ("_asked", "_back", "_finished", "_lock", "_on_fault", "_request", "_slots", "done", "given_up", "todo")

    def __init__(
        self,
        asked: Sequence[Implementation],
        request: DialRequest,
        on_fault: Callable[[Fault], None],
        back: Callable[[_Round, int, str], None],
    ) -> None:
        self._asked = asked
        self._request = request
        self._on_fault = on_fault
        self._back = back
        self._finished = 0
        self._lock = threading.Lock()
        # Per policy: None until it is asked, then the thread that asks it, then its answer.
        self._slots: list[PolicyAnswer | int | None] = [None] * len(asked)
        self.todo = iter(range(len(asked)))  # its next() cannot be torn apart: no two workers take the same one
        self.given_up: set[int] = set()
        self.done = threading.Lock()
        self.done.acquire()

    def work(self) -> threading.Lock | None:
        """Ask one after the other until none is left; the lock to release, where the last answer came from here."""
        thread, asked, slots, request = threading.get_ident(), self._asked, self._slots, self._request
        given_up, mine = self.given_up, 0
        began = perf_counter_ns()
        for index in self.todo:
            one = asked[index]
            slots[index] = thread
            try:
                value = one.call(request)
                slots[index] = one.consent if value == [] else PolicyAnswer(one.plugin, _refusals(value))
            except BaseException as error:
                slots[index] = self._failed(one, error)
            now = perf_counter_ns()
            timing, took = one.timing, now - began
            timing.add(took)
            if took > timing.longest:
                timing.longest = took
            began = now
            mine += 1
            if given_up:
                self._back(self, index, one.plugin)
        return self.done if mine and self._is_through(mine) else None

    def _failed(self, one: Implementation, error: BaseException) -> PolicyAnswer:
        log.error("policy raised", plugin=one.plugin, error_type=type(error).__name__, exc_info=error)
        self._on_fault(fault_of(one.plugin, HOOK, error))
        return unanswered(one.plugin, FAILED)

    def _is_through(self, more: int) -> bool:
        with self._lock:
            self._finished += more
            return self._finished == len(self._slots)

    def give_up(self) -> list[tuple[Implementation, int]]:
        """Let the late ones go, and ask no more; who they are, and the threads they hang in."""
        for _ in self.todo:
            pass
        threads = {index: slot for index, slot in enumerate(self._slots) if isinstance(slot, int)}
        self.given_up.update(threads)
        # One that answered just now looked for itself in `given_up` too early perhaps: it is not late.
        self.given_up.difference_update([index for index in threads if not isinstance(self._slots[index], int)])
        return [(self._asked[index], threads[index]) for index in sorted(self.given_up)]

    def answers(self) -> list[PolicyAnswer]:
        """Everyone's answer, once `done` says that each has given one."""
        return cast("list[PolicyAnswer]", self._slots)

    def settled(self) -> list[PolicyAnswer]:
        """Everyone's answer; a refusal for those who gave none."""
        return [
            slot if isinstance(slot, PolicyAnswer) else unanswered(one.plugin, LATE)
            for one, slot in zip(self._asked, self._slots, strict=True)
        ]


def unanswered(plugin: str, message: str) -> PolicyAnswer:
    """The answer of a policy that gave none: it refuses (fail closed)."""
    return PolicyAnswer(plugin, (Refusal(f"{plugin}.unanswered", message, "fail closed", {"plugin": plugin}),))


def _refusals(answer: Any) -> tuple[Refusal, ...]:
    """What a policy answered; TypeError where it is no list of refusals, since nonsense is no permission."""
    refusals = () if answer is None else tuple(answer)
    if not all(isinstance(r, Refusal) for r in refusals):
        raise TypeError("the policy answered something else than refusals")
    return refusals
