"""Threads that run plugins' code for callers who do not wait for ever.

A thread cannot be stopped from outside in Python. So whoever must go on by a deadline lets a worker do the work, waits,
and at the deadline leaves the worker behind; it comes back to the others when, and if, the plugin returns. Handing over
costs about 20 µs, of which most is the system's change of threads: locks are the cheapest way Python has.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias, TypeVar

T = TypeVar("T")

#: What a worker does: it returns the lock on which its caller waits, or None where he waits for more.
Work: TypeAlias = "Callable[[], threading.Lock | None]"

#: Workers that wait for work; more than that end when they are done.
_IDLE = 8


class Late(Exception):
    """The work was not done by the deadline; its worker was left behind. `thread` is the one it hangs in."""

    def __init__(self, seconds: float, thread: int | None) -> None:
        super().__init__(f"no answer within {seconds:g} s")
        self.seconds = seconds
        self.thread = thread


class Workers:
    """Daemon threads, made as they are needed, so that one that hangs keeps nothing from ending."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[_Worker] = []
        self._closed = False

    def start(self, work: Work) -> None:
        """Do the work on another thread. It must not raise; the lock it returns is released once it is done."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker(self._name, self._take_back)
        worker.work = work
        worker.go.release()

    def within(self, seconds: float, work: Callable[[], T]) -> T:
        """The work's result, or what it raised; Late where there is none in time."""
        done = threading.Lock()
        done.acquire()
        outcome: list[T | BaseException] = []
        thread: list[int] = []

        def guarded() -> threading.Lock:
            thread.append(threading.get_ident())
            try:
                outcome.append(work())
            except BaseException as error:
                outcome.append(error)
            return done

        self.start(guarded)
        if not done.acquire(timeout=seconds):
            raise Late(seconds, thread[0] if thread else None)
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    def _take_back(self, worker: _Worker) -> bool:
        if self._closed or len(self._idle) >= _IDLE:
            return False
        self._idle.append(worker)
        return True

    def close(self) -> None:
        """Let the waiting ones end; one that works ends when it is done."""
        self._closed = True
        while self._idle:
            self._idle.pop().go.release()


class _Worker:
    """Waits for `go`, does `work`, and ends where there is none."""

    def __init__(self, name: str, back: Callable[[_Worker], bool]) -> None:
        self._back = back
        self.work: Work | None = None
        self.go = threading.Lock()
        self.go.acquire()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        acquire, stays = self.go.acquire, True
        while stays:
            acquire()
            if self.work is None:
                return
            done = self.work()
            self.work = None  # or it would keep alive what it refers to until the next one comes
            stays = self._back(self)
            if done is not None:
                # Last, so that the caller, once awake, finds the interpreter free.
                done.release()
