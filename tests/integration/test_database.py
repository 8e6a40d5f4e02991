"""Write transactions: none overwrites another, whole or not at all, events with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, StatementError

from hookline.bus import EventBus, PublishedEvent
from hookline.db.database import Database
from hookline.db.faults import as_collision
from hookline.db.models import Client, Contact, OutboxEvent
from hookline.domain.events import CallPlaced, CampaignChanged
from hookline.errors import Collision
from hookline.testing.clock import START, VirtualClock


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url, VirtualClock())
    yield made
    made.dispose()


def _names(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Client.name).order_by(Client.id)))


def _add_contact(db: Database) -> int:
    with db.write() as unit:
        client = Client(name="Acme", created_at=START)
        unit.session.add(client)
        unit.session.flush()
        contact = Contact(client_id=client.id, time_zone="Europe/Warsaw", created_at=START, updated_at=START)
        unit.session.add(contact)
    return contact.id


def _stored_events(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count(OutboxEvent.id))) or 0


def test_a_second_writer_of_a_contact_waits_for_the_first(db: Database) -> None:
    """It reads only when the first has committed, so neither fails half-way and neither overwrites."""
    inside, order = threading.Event(), []
    contact_id = _add_contact(db)

    def second() -> None:
        inside.wait(10)
        with db.write() as unit:
            contact = unit.session.get_one(Contact, contact_id)
            order.append("second")
            contact.notes += "second"

    thread = threading.Thread(target=second)
    thread.start()
    with db.write() as unit:
        unit.session.scalars(select(Contact).where(Contact.id == contact_id)).one().notes += "first "
        inside.set()
        thread.join(0.3)
        assert thread.is_alive(), "the second writer waits"
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    with db.read() as session:
        assert session.get_one(Contact, contact_id).notes == "first second"


def test_many_writers_lose_nothing(db: Database) -> None:
    contact_id = _add_contact(db)
    failures: list[Exception] = []

    def count() -> None:
        try:
            for _ in range(10):
                with db.write() as unit:
                    row = unit.session.get_one(Contact, contact_id)
                    row.notes = str(int(row.notes or "0") + 1)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with db.read() as session:
        assert session.get_one(Contact, contact_id).notes == "60"


def test_a_row_that_is_held_is_read_as_it_stands_and_own_changes_stay(db: Database) -> None:
    with db.write() as unit:
        unit.session.add(Client(name="A", created_at=START))
    with db.write() as unit:
        client = unit.session.scalars(select(Client)).one()
        client.legal_name = "changed here"
        held = unit.hold(Client, client.id)
        assert held is client
        assert client.legal_name == "changed here"
        assert unit.find_held(Client, client.id + 1) is None


def test_a_reader_sees_one_state_of_the_database(db: Database) -> None:
    with db.write() as unit:
        unit.session.add(Client(name="A", created_at=START))
    with db.read() as session:
        assert session.scalar(select(func.count(Client.id))) == 1
        with db.write() as unit:
            unit.session.add(Client(name="B", created_at=START))
        assert session.scalar(select(func.count(Client.id))) == 1
    assert _names(db) == ["A", "B"]


def test_twins_are_told_from_other_refusals(db: Database) -> None:
    def add(*names: str | None) -> None:
        with db.write() as unit:
            unit.session.add_all(Client(name=name, created_at=START) for name in names)

    with pytest.raises(IntegrityError) as twins:
        add("A", "A")
    assert isinstance(as_collision(twins.value), Collision)
    with pytest.raises(IntegrityError) as nameless:
        add(None)
    assert as_collision(nameless.value) is None


def test_a_reader_is_not_kept_waiting(db: Database) -> None:
    with db.write() as unit:
        unit.session.add(Client(name="A", created_at=START))
        unit.session.flush()
        assert _names(db) == []
    assert _names(db) == ["A"]


def test_a_block_that_raises_stores_neither_change_nor_event(db: Database) -> None:
    woken: list[int] = []
    db.on_events(lambda: woken.append(1))

    def half_way() -> None:
        with db.write() as unit:
            unit.session.add(Client(name="A", created_at=START))
            unit.emit(CampaignChanged(campaign_id=1, state="running"))
            unit.session.flush()
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        half_way()
    assert _names(db) == []
    assert _stored_events(db) == 0
    assert woken == []


def test_a_commit_with_an_event_wakes_who_publishes(db: Database) -> None:
    woken: list[int] = []
    db.on_events(lambda: woken.append(_stored_events(db)))
    with db.write() as unit:
        unit.emit(CallPlaced(call_id=1))
        assert woken == []
    assert woken == [1], "after the commit, and once"
    with db.write() as unit:
        unit.session.add(Client(name="A", created_at=START))
    assert woken == [1], "a commit without events wakes nobody"


def test_what_was_read_stays_readable_and_changes_to_it_go_nowhere(db: Database) -> None:
    with db.write() as unit:
        unit.session.add(Client(name="A", created_at=START))
    with db.read() as session:
        client = session.scalars(select(Client)).one()
        client.name = "changed"
    assert client.name == "changed"
    assert _names(db) == ["A"]


def test_times_come_back_in_utc_and_naive_ones_are_refused(db: Database) -> None:
    with db.write() as unit:
        unit.session.add(Client(name="A", created_at=START))
    with db.read() as session:
        assert session.scalars(select(Client)).one().created_at == START

    def naive() -> None:
        with db.write() as unit:
            unit.session.add(Client(name="B", created_at=datetime(2025, 1, 1)))

    with pytest.raises(StatementError, match="zone"):
        naive()


def test_events_are_numbered_without_gaps_at_publication(db: Database) -> None:
    bus = EventBus(db)
    heard: list[PublishedEvent] = []
    bus.subscribe(heard.append)
    for call in (1, 2):
        with db.write() as unit:
            unit.emit(CallPlaced(call_id=call))
    assert bus.pump() == 2
    with db.write() as unit:
        unit.emit(CampaignChanged(campaign_id=7, state="paused"))
    assert bus.pump() == 1
    assert bus.pump() == 0
    assert [(e.sequence, e.type, e.call_id) for e in heard] == [
        (1, "CallPlaced", 1),
        (2, "CallPlaced", 2),
        (3, "CampaignChanged", None),
    ]
    assert heard[2].details == {"state": "paused"}
    assert [e.sequence for e in bus.since(1)] == [2, 3]
    assert bus.last_sequence() == 3


def test_a_handler_that_raises_keeps_nothing_from_the_others(db: Database) -> None:
    bus = EventBus(db)
    heard: list[int] = []

    def broken(_event: PublishedEvent) -> None:
        raise RuntimeError("broken inside")

    bus.subscribe(broken)
    bus.subscribe(lambda event: heard.append(event.sequence))
    with db.write() as unit:
        unit.emit(CallPlaced(call_id=1))
    bus.pump()
    assert heard == [1]
