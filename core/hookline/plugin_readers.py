"""Brings published events to plugins' notify hooks: each plugin has its place in the outbox and its own thread.

The outbox is the queue: it survives a crash, and nothing in it is lost on a plugin that is slow, hangs or is
quarantined; that plugin falls behind, alone, and goes on from its place when it is back. A plugin that is new, or was
disabled, begins with what happens from then on. One that hangs spends its error budget doing so, and its thread is left
behind once it is stopped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import delete, func, select

from hookline.bus import EventBus, Handler, NotYet, PublishedEvent, Replaced
from hookline.db.database import Database
from hookline.db.models import OutboxEvent, OutboxReader
from hookline.plugin_host.faults import hang_of
from hookline.plugin_host.host import PluginHost
from hookline.plugin_host.states import PluginState

log = structlog.get_logger(__name__)

_PREFIX = "hooks."
_HOOK = "hookline_call_disposed"
#: What a plugin may take for one event; each time so long has gone by counts as an error of its.
NOTIFY_SECONDS = 10.0
_OWN = select(OutboxReader).where(OutboxReader.name.startswith(_PREFIX, autoescape=True))
#: States in which a plugin keeps its place: it is to hear later what it misses now.
_COMES_BACK = {PluginState.ACTIVE, PluginState.QUARANTINED, PluginState.FAILED, PluginState.UNAVAILABLE}
#: At the end, those that are busy get so long to finish.
STOP_SECONDS = 2.0


@dataclass(frozen=True)
class Standing:
    """How far one plugin has come: events it has not been told of, and how long it has been busy with one (s)."""

    plugin: str
    behind: int
    busy_seconds: float


class PluginReaders:
    """Every listening plugin's reader. `tell` tells a plugin of an event, and isolates what the plugin raises; `watch`
    is called before each round, so that a plugin which another process stopped is told no more."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        host: PluginHost,
        tell: Callable[[str, PublishedEvent], None],
        watch: Callable[[], None],
    ) -> None:
        self._db = db
        self._bus = bus
        self._host = host
        self._tell = tell
        self._watch = watch
        self._known: frozenset[str] | None = None
        self._readers: dict[str, _Reader] = {}

    def prepare(self) -> None:
        """Give plugins that listen for the first time their place; take it from those that are gone or disabled."""
        self._watch()
        self._charge_hanging()
        listening = frozenset(self._host.listeners())
        if listening == self._known:
            return
        for plugin in self._readers.keys() - listening:
            if self._readers[plugin].hangs():
                # Stopped or disabled: when it comes back, another thread reads for it from its place on.
                self._readers.pop(plugin).leave()
        keep = {name for name, status in self._host.statuses.items() if status.state in _COMES_BACK}
        with self._db.write() as unit:
            rows = unit.session.scalars(
                select(OutboxReader).where(OutboxReader.name.startswith(_PREFIX, autoescape=True))
            ).all()
            placed = {row.name.removeprefix(_PREFIX) for row in rows}
            gone = [_PREFIX + name for name in placed - keep]
            unit.session.execute(delete(OutboxReader).where(OutboxReader.name.in_(gone)))
            last = unit.session.scalar(select(func.max(OutboxEvent.sequence))) or 0
            new = listening - placed
            unit.session.add_all(OutboxReader(name=_PREFIX + name, sequence=last) for name in sorted(new))
        self._known = listening

    def _charge_hanging(self) -> None:
        for reader in self._readers.values():
            for seconds in reader.overdue():
                log.error("plugin hangs in a notify hook", plugin=reader.plugin, seconds=round(seconds))
                self._host.count(hang_of(reader.plugin, _HOOK, reader.thread_id(), seconds))

    def catch_up(self, last: int, places: dict[str, int], *, apart: bool) -> None:
        """Let the listening plugins that are behind go on."""
        for name in self._known or ():
            if places.get(_PREFIX + name, last) >= last:
                continue
            reader = self._readers.setdefault(name, _Reader(name, self._read))
            if apart:
                reader.wake()
            else:
                reader.work()

    def _read(self, reader: _Reader) -> None:
        name = _PREFIX + reader.plugin
        with self._db.read() as session:
            row = session.get(OutboxReader, name)
        if row is not None:
            self._bus.catch_up(name, reader.guarded(self._hand), row.sequence)

    def _hand(self, plugin: str, happened: PublishedEvent) -> None:
        if not self._host.is_active(plugin):
            raise NotYet  # it was stopped by the event before: this one waits until it is back
        self._tell(plugin, happened)

    def standings(self) -> list[Standing]:
        """How far each listening plugin has come."""
        with self._db.read() as session:
            last = session.scalar(select(func.max(OutboxEvent.sequence))) or 0
            rows = session.scalars(
                select(OutboxReader).where(OutboxReader.name.startswith(_PREFIX, autoescape=True))
            ).all()
        found = ((row.name.removeprefix(_PREFIX), last - row.sequence) for row in rows)
        return [Standing(name, behind, self._busy_seconds(name)) for name, behind in sorted(found)]

    def _busy_seconds(self, plugin: str) -> float:
        reader = self._readers.get(plugin)
        return reader.busy_seconds() if reader else 0.0

    def stop(self) -> None:
        """Let them tell what is there, and end; one that hangs is left behind after STOP_SECONDS for all of them."""
        for reader in self._readers.values():
            reader.end()
        deadline = time.monotonic() + STOP_SECONDS
        for reader in self._readers.values():
            if not reader.ended(max(0.0, deadline - time.monotonic())):
                log.error("plugin hangs in a notify hook; left behind", plugin=reader.plugin)


class _Reader:
    """One plugin's reader; its thread begins with the first `wake`."""

    def __init__(self, plugin: str, read: Callable[[_Reader], None]) -> None:
        self.plugin = plugin
        self._read = read
        self._wake = threading.Event()
        self._ending = self._halted = self._left = False
        self._busy_since: float | None = None
        self._charged = 0
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"hooks-{self.plugin}", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._ending:
            self._wake.wait()
            self._wake.clear()
            self.work()

    def work(self) -> None:
        """Read until there is nothing left."""
        try:
            self._read(self)
        except Exception as error:
            log.error("plugin's reader failed; it will be tried again", plugin=self.plugin, exc_info=error)

    def guarded(self, hand: Callable[[str, PublishedEvent], None]) -> Handler:
        """Hand events on, one at a time, noting since when it is busy."""

        def handle(happened: PublishedEvent) -> None:
            if self._halted:
                raise NotYet
            self._charged = 0
            self._busy_since = time.monotonic()
            try:
                hand(self.plugin, happened)
            finally:
                self._busy_since = None
                if self._left:
                    raise Replaced

        return handle

    def busy_seconds(self) -> float:
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def hangs(self) -> bool:
        """Whether what it is busy with has been counted as an error."""
        return self._busy_since is not None and self._charged > 0

    def overdue(self) -> list[float]:
        """After how many seconds it should have been done, for each time that has gone by since the last look."""
        passed = int(self.busy_seconds() / NOTIFY_SECONDS)
        due = [number * NOTIFY_SECONDS for number in range(self._charged + 1, passed + 1)]
        self._charged = max(self._charged, passed)
        return due

    def thread_id(self) -> int | None:
        """Where its stack can be seen."""
        return self._thread.ident if self._thread is not None else None

    def leave(self) -> None:
        """Read no more, nor end up where another has come to meanwhile, should its plugin ever come back to it."""
        self._left = True
        self.end()

    def end(self) -> None:
        self._ending = True
        self._wake.set()

    def ended(self, within: float) -> bool:
        """Whether its thread has ended by then; what it is busy with is its last, where it has not."""
        if self._thread is not None:
            self._thread.join(within)
            self._halted = self._thread.is_alive()
        return not self._halted
