"""Events are stored with the change they tell of and reach every reader, in order, at least once."""

from __future__ import annotations

import pytest

from hookline.bootstrap import Runtime
from hookline.bus import EventBus, PublishedEvent
from hookline.db.database import Database
from hookline.domain.events import CampaignChanged


def _emit(db: Database, *states: str) -> None:
    with db.write() as unit:
        for state in states:
            unit.emit(CampaignChanged(campaign_id=1, state=state))


def test_a_rolled_back_change_tells_nobody(runtime: Runtime) -> None:
    heard: list[PublishedEvent] = []
    runtime.bus.subscribe(heard.append)

    def change_and_fail() -> None:
        with runtime.db.write() as unit:
            unit.emit(CampaignChanged(campaign_id=1, state="running"))
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError, match="the change failed"):
        change_and_fail()
    runtime.bus.pump()
    assert heard == []


def test_a_reader_goes_on_where_it_was_after_a_crash(runtime: Runtime) -> None:
    heard: list[str] = []
    runtime.bus.read("test", lambda happened: heard.append(happened.details["state"]))
    _emit(runtime.db, "a", "b")
    runtime.bus.pump()
    _emit(runtime.db, "c")  # committed; the process dies before it is published

    reborn = EventBus(runtime.db)
    reborn.read("test", lambda happened: heard.append(happened.details["state"]))
    reborn.pump()
    assert heard == ["a", "b", "c"]


def test_an_event_numbered_but_not_delivered_comes_again(runtime: Runtime) -> None:
    _emit(runtime.db, "a")
    runtime.bus._number_next()  # numbered; the process dies before the delivery
    heard: list[str] = []
    reborn = EventBus(runtime.db)
    reborn.read("test", lambda happened: heard.append(happened.details["state"]))
    reborn.pump()
    assert heard == ["a"]


def test_a_reader_that_fails_gets_the_same_event_again_and_none_is_skipped(runtime: Runtime) -> None:
    heard: list[str] = []
    failures = [RuntimeError("database away")]

    def read(happened: PublishedEvent) -> None:
        if happened.details["state"] == "b" and failures:
            raise failures.pop()
        heard.append(happened.details["state"])

    runtime.bus.read("test", read)
    _emit(runtime.db, "a", "b", "c")
    runtime.bus.pump()
    assert heard == ["a"]
    runtime.bus.pump()
    assert heard == ["a", "b", "c"]


def test_a_subscriber_that_raises_costs_nobody_else_the_event(runtime: Runtime) -> None:
    heard: list[PublishedEvent] = []

    def broken(happened: PublishedEvent) -> None:
        raise RuntimeError(happened.type)

    runtime.bus.subscribe(broken)
    runtime.bus.subscribe(heard.append)
    _emit(runtime.db, "a")
    runtime.bus.pump()
    assert [h.sequence for h in heard] == [runtime.bus.last_sequence()]


def test_sequences_grow_without_gaps(runtime: Runtime) -> None:
    _emit(runtime.db, "a", "b")
    runtime.bus.pump()
    _emit(runtime.db, "c")
    runtime.bus.pump()
    numbers = [e.sequence for e in runtime.bus.since(0)]
    assert numbers == list(range(1, len(numbers) + 1))
