"""The engine: one thread that takes leg events in order and lets the services act on them."""

from __future__ import annotations

import queue
import threading

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from hookline.db.database import Database
from hookline.db.models import Leg
from hookline.errors import Collision
from hookline.ports.hooks import Hooks
from hookline.ports.telephony import CallOffered, LegEnded, LegEvent, PlayFinished, RecordingFinished
from hookline.services.agents import AgentService
from hookline.services.calls import CallService
from hookline.services.desk_calls import DeskCalls
from hookline.services.dialler.waiting import WaitingCustomers
from hookline.services.presenting import Presenter
from hookline.services.reconcile import reconcile
from hookline.services.recordings import RecordingService

#: An event that loses to somebody else's change is handled again: its leg will not tell it twice.
_TRIES = 3
_IDLE_SECONDS = 0.25

log = structlog.get_logger(__name__)


class Engine:
    """Connects backends to services. `sink` may be called from any thread; handling is one at a time."""

    def __init__(
        self,
        db: Database,
        hooks: Hooks,
        calls: CallService,
        agents: AgentService,
        presenter: Presenter,
        waiting: WaitingCustomers,
        recordings: RecordingService,
        desk_calls: DeskCalls,
    ) -> None:
        self._db = db
        self._hooks = hooks
        self._calls = calls
        self._agents = agents
        self._presenter = presenter
        self._waiting = waiting
        self._recordings = recordings
        self._desk_calls = desk_calls
        self._events: queue.Queue[LegEvent | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._working: set[str] = set()

    def sink(self, event: LegEvent) -> None:
        """Take an event from a backend; returns at once."""
        self._events.put(event)

    def start(self) -> None:
        """Reconcile what a former process left, start every backend, begin to handle events."""
        reconcile(self._db)
        self._recordings.salvage(self._hooks.backends())
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()
        for name in self._hooks.backends():
            self.start_backend(name)

    def start_backend(self, name: str) -> None:
        """Let a backend work; one that cannot is logged, and the others do."""
        try:
            self._hooks.backends()[name].start(self.sink)
            self._working.add(name)
        except Exception as error:
            log.error("telephony backend did not start", backend=name, exc_info=error)

    def stop_backend(self, name: str) -> None:
        """Let a backend hang up what it has and end."""
        self._working.discard(name)
        try:
            self._hooks.backends()[name].stop()
        except Exception as error:
            log.error("telephony backend did not stop cleanly", backend=name, exc_info=error)

    def works(self, backend: str) -> bool:
        """Whether a backend works in this process."""
        return backend in self._working

    def stop(self) -> None:
        """Hang up everything, handle what that brings, end."""
        for name in self._hooks.backends():
            self.stop_backend(name)
        self._events.put(None)
        if self._thread is not None:
            self._thread.join(timeout=10)

    @property
    def running(self) -> bool:
        """Whether events are being handled."""
        return self._thread is not None and self._thread.is_alive()

    def drain(self) -> int:
        """Handle everything that waits, on the calling thread; returns how many. For tests on a virtual clock."""
        count = 0
        while True:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                return count
            if event is not None:
                self._handle_guarded(event)
                count += 1

    def _run(self) -> None:
        while True:
            try:
                event = self._events.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                self._attend()
                continue
            if event is None:
                return
            self._handle_guarded(event)
            self._attend()

    def _attend(self) -> None:
        """Look after customers who wait for an agent, at most a quarter of a second after their time is over."""
        try:
            self._waiting.attend()
        except Exception as error:
            log.error("waiting customers could not be looked after", exc_info=error)

    def _handle_guarded(self, event: LegEvent) -> None:
        with bound_contextvars(conversation=event.conversation_id, leg=event.leg_id, call_id=None):
            self._handle_until_done(event)

    def _handle_until_done(self, event: LegEvent) -> None:
        try:
            for _ in range(_TRIES - 1):
                try:
                    return self._handle(event)
                except Collision:
                    log.info("a leg event met somebody's change; handling it again", event_type=type(event).__name__)
            self._handle(event)
        except Exception as error:
            log.error("a leg event could not be handled", event_type=type(event).__name__, exc_info=error)

    def _handle(self, event: LegEvent) -> None:
        match event:
            case RecordingFinished():
                self._recordings.on_finished(event)
                return
            case PlayFinished():
                self._desk_calls.sounds.on_finished(event)
                return
            case CallOffered():
                self._desk_calls.inbound.on_offered(event)
                return
        with self._db.read() as session:
            leg = session.get(Leg, event.leg_id)
        if leg is None:
            log.warning("event of an unknown leg", event_type=type(event).__name__)
            return
        bind_contextvars(call_id=leg.call_id)  # until the event is handled, its failure included
        for free in filter(None, self._handle_leg(leg, event)):
            self._presenter.present(free)

    def _handle_leg(self, leg: Leg, event: LegEvent) -> list[int | None]:
        """Who is ready for the next contact by it."""
        more = self._desk_calls
        match leg.kind:
            case "agent":
                if isinstance(event, LegEnded):
                    more.offers.station_gone(leg.id)
                free = [self._agents.on_agent_leg(event)]
                if isinstance(event, LegEnded):
                    free.append(more.transfers.on_leg_ended(leg.id, event.cause.value))
                return free
            case "consult":
                return [more.transfers.on_party_leg(event)]
            case "supervisor":
                more.supervision.on_supervisor_leg(event)
                return []
        free = [self._calls.on_customer_leg(event)]
        if not isinstance(event, LegEnded):
            return free
        return [*free, more.offers.customer_gone(leg.call_id), more.transfers.customer_gone(leg.call_id)]
