"""What plugins did wrong: kept for the operator, and counted against each plugin's error budget."""

from __future__ import annotations

import re
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hookline.plugin_host.workers import Late

_FAULTS_KEPT = 5
_FRAMES_KEPT = 15
_MESSAGE_LETTERS = 300
_MAIL = re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+")
_DIGITS = re.compile(r"\d(?:[\s().-]?\d){3,}")
_QUOTED = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")
_CODE_NAME = re.compile(r"[a-z_][a-z0-9_.]*")


@dataclass(frozen=True)
class Fault:
    """One error of a plugin. `place` is the hook or page; `frames` run from the outermost to where it was raised.

    `message` is the error's own with what may be personal data taken out.
    """

    plugin: str
    place: str
    at: datetime
    error_type: str
    message: str
    frames: tuple[str, ...]

    @property
    def traceback(self) -> str:
        """The frames and the error, as the operator hands them to the plugin's author."""
        return "\n".join([*self.frames, f"{self.error_type}: {self.message}".rstrip(": ")])


@dataclass(frozen=True)
class Budget:
    """How many errors a plugin may make within how many seconds; with one more it is stopped."""

    errors: int = 20
    seconds: int = 600


class FaultBook:
    """Notes faults; calls `overspent` with the last one when a plugin has spent its budget. Safe from any thread."""

    def __init__(
        self, budget: Budget, overspent: Callable[[Fault], None], timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._budget = budget
        self._overspent = overspent
        self._timer = timer
        self._lock = threading.Lock()
        self._spent: dict[str, deque[float]] = {}
        self._latest: dict[str, deque[Fault]] = {}

    def note(self, fault: Fault) -> None:
        """Keep a fault and count it against its plugin's budget."""
        self.keep(fault)
        with self._lock:
            overspent = self._spend(fault.plugin)
        if overspent:
            self._overspent(fault)

    def keep(self, fault: Fault) -> None:
        """Keep a fault without counting it: its plugin was taken out of service anyway."""
        with self._lock:
            self._latest.setdefault(fault.plugin, deque(maxlen=_FAULTS_KEPT)).append(fault)

    def _spend(self, plugin: str) -> bool:
        now = self._timer()
        times = self._spent.setdefault(plugin, deque())
        times.append(now)
        while times[0] <= now - self._budget.seconds:
            times.popleft()
        return len(times) > self._budget.errors

    def latest(self, plugin: str) -> list[Fault]:
        """The plugin's last faults, newest first."""
        with self._lock:
            return list(reversed(self._latest.get(plugin, ())))

    def forgive(self, plugin: str) -> None:
        """Give the plugin its whole budget again; what is known of its faults stays."""
        with self._lock:
            self._spent.pop(plugin, None)


def fault_of(plugin: str, place: str, error: BaseException) -> Fault:
    """What is kept of an error: no local variables, and its message without what may be somebody's.

    Of one that says Late it is where the work stands now.
    """
    if isinstance(error, Late):
        return hang_of(plugin, place, error.thread, error.seconds)
    said = _frames(traceback.extract_tb(error.__traceback__))
    return Fault(plugin, place, datetime.now(UTC), type(error).__name__, impersonal(str(error)), said)


def hang_of(plugin: str, place: str, thread: int | None, seconds: float) -> Fault:
    """As `fault_of`, of a call that does not come back: the frames are where its thread stands now."""
    frame = sys._current_frames().get(thread) if thread is not None else None
    said = _frames(traceback.extract_stack(frame)) if frame is not None else ()
    return Fault(plugin, place, datetime.now(UTC), "Late", f"no answer within {seconds:g} s", said)


def _frames(stack: traceback.StackSummary) -> tuple[str, ...]:
    return tuple(f"{_short(f.filename)}:{f.lineno} in {f.name}" for f in stack[-_FRAMES_KEPT:])


def impersonal(message: str) -> str:
    """An error's message without mail addresses, longer numbers and quoted texts other than names in code."""
    message = _MAIL.sub("•••@•••", message)
    message = _DIGITS.sub("•••", message)
    message = _QUOTED.sub(_mask_quoted, message)
    return message if len(message) <= _MESSAGE_LETTERS else message[: _MESSAGE_LETTERS - 1] + "…"


def _mask_quoted(found: re.Match[str]) -> str:
    inner = found.group(1) if found.group(1) is not None else found.group(2)
    return found.group() if _CODE_NAME.fullmatch(inner) else "'•••'"


def _short(filename: str) -> str:
    """The last parts of a file's path: enough to find it, without this machine's folders."""
    return "/".join(Path(filename).parts[-3:])
