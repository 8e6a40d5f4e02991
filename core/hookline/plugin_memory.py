"""Whether this process grows, and which plugin makes it grow.

The process as a whole is measured all the time, which costs nothing. Plugins share its memory, so that it can be told
whose it is only where Python notes for each block who asked for it (tracemalloc): an administrator has that begun
where the process grows, since pages then take three to five times as long. Memory that a library in C takes by itself
(pjsip, a codec) is in the process's figure only.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import threading
import time
import tracemalloc
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_EVERY_SECONDS = 60.0
_KEPT = 1440  # a day
#: So many calls deep it is noted who asked for memory: a plugin that lets a library work is found too.
_FRAMES = 4
_GROWTH_BYTES = 64 * 1024 * 1024
_PARTS, _SAMPLES_EACH = 4, 3


@dataclass(frozen=True)
class Trend:
    """The process's resident memory (bytes): now and at the first sample `seconds` ago. `growing`: part by part."""

    now: int
    first: int
    seconds: float
    growing: bool


@dataclass(frozen=True)
class PluginMemory:
    """What one plugin holds of what was asked for since tracing began (bytes), and over which time (s)."""

    plugin: str
    held: int
    seconds: float


class MemoryWatch:
    """Samples this process. `packages` gives the loaded plugins' import packages; `resident` the memory in bytes."""

    def __init__(
        self,
        packages: Callable[[], dict[str, str]],
        resident: Callable[[], int] | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._packages = packages
        self._resident = resident or resident_bytes
        self._timer = timer
        self._samples: deque[tuple[float, int]] = deque(maxlen=_KEPT)
        self._traced_since: float | None = None
        self._lock = threading.Lock()

    def sample(self) -> None:
        """Take a sample, at most once a minute."""
        with self._lock:
            now = self._timer()
            if not self._samples or now - self._samples[-1][0] >= _EVERY_SECONDS:
                self._samples.append((now, self._resident()))

    def trend(self) -> Trend:
        """How the memory went over the last day, or since the start."""
        with self._lock:
            samples = list(self._samples)
        now = self._resident()
        if not samples:
            return Trend(now, now, 0.0, growing=False)
        return Trend(now, samples[0][1], self._timer() - samples[0][0], _grows([size for _, size in samples]))

    @property
    def tracing(self) -> bool:
        """Whether it is noted who asks for memory."""
        return self._traced_since is not None and tracemalloc.is_tracing()

    def begin_tracing(self) -> None:
        """Note from now on who asks for memory. Everything gets slower meanwhile."""
        with self._lock:
            if not tracemalloc.is_tracing():
                tracemalloc.start(_FRAMES)
            self._traced_since = self._timer()

    def end_tracing(self) -> None:
        """Note it no more, and forget what was noted."""
        with self._lock:
            self._traced_since = None
            tracemalloc.stop()

    def plugins(self) -> list[PluginMemory]:
        """What each plugin holds since tracing began, the most first; empty while nothing is traced."""
        since = self._traced_since
        if since is None or not tracemalloc.is_tracing():
            return []
        folders = {name: folder for name, package in self._packages().items() if (folder := _folder(package))}
        held = dict.fromkeys(folders, 0)
        for trace in tracemalloc.take_snapshot().traces:
            files = {frame.filename for frame in trace.traceback}
            for name, folder in folders.items():
                if any(file.startswith(folder) for file in files):
                    held[name] += trace.size
                    break
        seconds = self._timer() - since
        return sorted((PluginMemory(n, size, seconds) for n, size in held.items()), key=lambda m: -m.held)


def _grows(sizes: list[int]) -> bool:
    """Whether it rises through every quarter and has risen by much: caches fill and come to rest, leaks do not."""
    if len(sizes) < _PARTS * _SAMPLES_EACH:
        return False
    length = len(sizes) // _PARTS
    parts = [median(sizes[-length * (i + 1) : len(sizes) - length * i]) for i in reversed(range(_PARTS))]
    rises = all(later > earlier for earlier, later in itertools.pairwise(parts))
    return rises and parts[-1] - parts[0] > _GROWTH_BYTES


def _folder(package: str) -> str | None:
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return places[0] + os.sep if places else None


def resident_bytes() -> int:
    """This process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
