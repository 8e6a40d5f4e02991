"""Live events for browsers: one bounded queue per open page, filtered by what the person may know."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import structlog
from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.bus import PublishedEvent
from hookline.db.models import Campaign, CampaignAgent
from hookline.domain.access import Actor, Role
from hookline_web.auth import Login, still_valid

log = structlog.get_logger(__name__)

#: Events that may wait for one slow browser; one that is further behind starts over and resumes from the store.
QUEUE_LENGTH = 500
_RESUME_BATCH = 500
_RETRY_MS = 2000


@dataclass(frozen=True)
class Audience:
    """Whom a stream serves: the actor, and (supervisors) the agents who work for his clients."""

    actor: Actor
    agents: frozenset[int] = field(default_factory=frozenset)

    def may_know(self, happened: PublishedEvent) -> bool:
        """Whether the event is the person's to know."""
        if self.actor.role is Role.ADMINISTRATOR:
            return True
        if self.actor.role is Role.SUPERVISOR:
            return self._supervisor_may(happened)
        return self._agent_may(happened)

    def _supervisor_may(self, happened: PublishedEvent) -> bool:
        if happened.client_id is not None:
            return self.actor.scope.covers_client(happened.client_id)
        return happened.agent_id is not None and happened.agent_id in self.agents

    def _agent_may(self, happened: PublishedEvent) -> bool:
        if happened.type == "SupervisionChanged":
            return False  # what he is told of it is CompanyChanged
        if happened.agent_id is not None:
            return happened.agent_id == self.actor.user_id
        return happened.campaign_id is not None and happened.campaign_id in (self.actor.scope.campaigns or ())


def audience_of(runtime: Runtime, actor: Actor) -> Audience:
    """The audience that an actor is now; asked again and again, since grants change."""
    if actor.role is not Role.SUPERVISOR:
        return Audience(actor)
    assigned = select(CampaignAgent.user_id).join(Campaign, Campaign.id == CampaignAgent.campaign_id)
    if actor.scope.clients is not None:
        assigned = assigned.where(Campaign.client_id.in_(actor.scope.clients))
    own = frozenset({actor.user_id}) if actor.user_id is not None else frozenset()
    with runtime.db.read() as session:
        return Audience(actor, frozenset(session.scalars(assigned)) | own)


class Subscription:
    """One open stream's queue."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.waiting: queue.Queue[PublishedEvent] = queue.Queue(QUEUE_LENGTH)
        self.overflowed = threading.Event()

    def offer(self, happened: PublishedEvent) -> None:
        """Queue the event if the person may know it. Never blocks: the bus serves everybody."""
        if not self.overflowed.is_set() and self.audience.may_know(happened):
            try:
                self.waiting.put_nowait(happened)
            except queue.Full:
                self.overflowed.set()


class StreamHub:
    """Hands the bus's events to the open streams. One per app; its handler is the only one on the bus."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._open: set[Subscription] = set()
        self._lock = threading.Lock()
        self._last: int | None = None
        self._closing = threading.Event()
        runtime.bus.subscribe(self._on_event)

    def _on_event(self, happened: PublishedEvent) -> None:
        with self._lock:
            self._last = max(self._last or 0, happened.sequence)
            listeners = list(self._open)
        for listener in listeners:
            listener.offer(happened)

    def last_sequence(self) -> int:
        """The newest event's number: where a page that is made now begins to listen."""
        if self._last is None:
            stored = self._runtime.bus.last_sequence()
            with self._lock:
                self._last = max(self._last or 0, stored)
        return self._last or 0

    def open_streams(self) -> int:
        """How many streams are open."""
        with self._lock:
            return len(self._open)

    def close(self) -> None:
        """End every stream at its next wake-up."""
        self._closing.set()

    def follow(self, login: Login, after: int, heartbeat_seconds: float = 15.0) -> Iterator[str]:
        """The stream's text, from the event after number `after` on, until the session ends or the reader is gone."""
        recheck = _Recheck(self._runtime, login, heartbeat_seconds)
        audience = recheck.audience()
        if audience is None:
            return
        subscription = Subscription(audience)
        with self._lock:
            self._open.add(subscription)
        try:
            yield f"retry: {_RETRY_MS}\nid: {after}\n\n"
            yield from self._run(subscription, after, recheck)
        finally:
            with self._lock:
                self._open.discard(subscription)

    def _run(self, subscription: Subscription, after: int, recheck: _Recheck) -> Iterator[str]:
        # Subscribed already: what is published meanwhile waits in the queue, and what was sent is left out.
        for happened in self._missed(subscription, after):
            after = happened.sequence
            yield as_message(happened)
        while not subscription.overflowed.is_set() and not self._closing.is_set():
            if recheck.is_due():
                audience = recheck.audience()
                if audience is None:
                    return
                subscription.audience = audience
                yield ": still here\n\n"
            try:
                happened = subscription.waiting.get(timeout=recheck.seconds_left())
            except queue.Empty:
                continue
            if happened.sequence > after and subscription.audience.may_know(happened):
                after = happened.sequence
                yield as_message(happened)

    def _missed(self, subscription: Subscription, after: int) -> Iterator[PublishedEvent]:
        while batch := self._runtime.bus.since(after, _RESUME_BATCH):
            after = batch[-1].sequence
            yield from (happened for happened in batch if subscription.audience.may_know(happened))


class _Recheck:
    """Asks each heartbeat whether the session still stands and what the person may know by now."""

    def __init__(self, runtime: Runtime, login: Login, seconds: float, timer: Callable[[], float] = time.monotonic):
        self._runtime = runtime
        self._login = login
        self._seconds = seconds
        self._timer = timer
        self._due = timer() + seconds

    def is_due(self) -> bool:
        return self._timer() >= self._due

    def seconds_left(self) -> float:
        # At most a second, so that a closing server does not wait for the heartbeat.
        return min(1.0, max(0.01, self._due - self._timer()))

    def audience(self) -> Audience | None:
        self._due = self._timer() + self._seconds
        user = still_valid(self._runtime, self._login)
        if user is not None:
            self._runtime.agents.heartbeat(user.id)  # an open stream is a browser that is there
        return audience_of(self._runtime, self._runtime.identity.actor(user)) if user is not None else None


def as_message(happened: PublishedEvent) -> str:
    """The event in the form of the server-sent events standard."""
    data = {
        "client_id": happened.client_id,
        "campaign_id": happened.campaign_id,
        "contact_id": happened.contact_id,
        "call_id": happened.call_id,
        "agent_id": happened.agent_id,
        "at": happened.at.isoformat(),
        **happened.details,
    }
    text = json.dumps({k: v for k, v in data.items() if v is not None}, separators=(",", ":"))
    return f"id: {happened.sequence}\nevent: {happened.type}\ndata: {text}\n\n"
