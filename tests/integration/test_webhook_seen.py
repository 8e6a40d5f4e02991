"""Events that come in: each acted upon once, together with what it asks for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from hookline.bootstrap import Runtime
from hookline.db.models import Client, WebhookSeen
from hookline.errors import InvalidInput
from hookline.testing.clock import VirtualClock
from hookline.webhook_in import SeenEvents
from tests.integration.together import together


def _act(runtime: Runtime, event_id: str, name: str, source: str = "acme") -> bool:
    """What a plugin does with an event: here it adds a client."""
    with runtime.db.write() as unit:
        new = SeenEvents().accept(unit, source, event_id)
        if new:
            unit.session.add(Client(name=name, created_at=unit.clock.now()))
    return new


def _clients(runtime: Runtime) -> int:
    with runtime.db.read() as session:
        return session.scalar(select(func.count()).select_from(Client)) or 0


def test_an_event_that_comes_again_is_known(runtime: Runtime) -> None:
    assert _act(runtime, "1", "a")
    assert not _act(runtime, "1", "b")
    assert _clients(runtime) == 1


def test_ids_of_different_senders_are_different(runtime: Runtime) -> None:
    assert _act(runtime, "1", "a", "acme")
    assert _act(runtime, "1", "b", "globex")


def test_an_event_whose_handling_fails_stays_new(runtime: Runtime) -> None:
    def take_and_break() -> None:
        with runtime.db.write() as unit:
            assert SeenEvents().accept(unit, "acme", "1")
            raise RuntimeError("broke")

    with pytest.raises(RuntimeError, match="broke"):
        take_and_break()
    assert _act(runtime, "1", "a")


def test_of_the_same_event_several_times_at_once_one_is_acted_upon(runtime: Runtime) -> None:
    outcomes = together([lambda n=n: _act(runtime, "1", f"client {n}") for n in range(6)])  # type: ignore[misc]
    assert sorted(map(str, outcomes)) == ["False"] * 5 + ["True"]
    assert _clients(runtime) == 1


def test_what_was_seen_is_forgotten_in_time(runtime: Runtime, clock: VirtualClock) -> None:
    with runtime.db.write() as unit:
        SeenEvents(timedelta(days=1)).accept(unit, "acme", "short")
    _act(runtime, "long", "a")
    clock.advance(2 * 86_400)
    runtime.scheduler.run_now("core.tidy-webhooks")
    with runtime.db.read() as session:
        assert session.scalars(select(WebhookSeen.event_id)).all() == ["long"]


@pytest.mark.parametrize("event_id", ["", "x" * 256])
def test_an_id_that_cannot_be_kept_is_refused(runtime: Runtime, event_id: str) -> None:
    with pytest.raises(InvalidInput, match="no id"):
        _act(runtime, event_id, "a")
