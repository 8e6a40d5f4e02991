"""What only PostgreSQL does: other processes on the same database, deadlocks, values it does not store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, inspect, select

from hookline.bootstrap import Runtime
from hookline.db import migrate
from hookline.db.database import Database
from hookline.db.faults import missing_driver
from hookline.db.models import Client, Contact
from hookline.domain.access import Actor
from hookline.errors import Collision, Conflict, InvalidInput, NotConfigured, NotFound
from hookline.services.clients import ClientDraft
from hookline.settings import Settings
from hookline.testing.clock import START, VirtualClock
from hookline.testing.databases import POSTGRESQL, fresh_database
from hookline.testing.postgres import server
from tests.integration.together import raised, together


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with fresh_database(POSTGRESQL, tmp_path) as url:
        yield Settings(data_dir=tmp_path / "data", database_url=url, disabled_plugins=("telephony_sip",))


@pytest.fixture
def actor(runtime: Runtime) -> Actor:
    return runtime.identity.system_actor()


def test_one_process_runs_the_engine(runtime: Runtime, settings: Settings) -> None:
    runtime.start()
    other = Runtime(settings, VirtualClock())
    with pytest.raises(Conflict, match="dial twice"):
        other.start()
    with pytest.raises(Conflict, match="dial twice"):
        other.require_alone()
    runtime.stop()
    other.require_alone()
    other.start()
    other.stop()
    other.close()


def test_who_loses_a_deadlock_is_told_to_try_again(runtime: Runtime) -> None:
    db = runtime.db
    with db.write() as unit:
        clients = [Client(name=name, created_at=START) for name in "AB"]
        unit.session.add_all(clients)
    both_hold = threading.Barrier(2)

    def change(first: int, second: int) -> None:
        with db.write() as unit:
            unit.hold(Client, first).address = str(first)
            unit.session.flush()
            both_hold.wait(30)
            unit.hold(Client, second).address = str(first)

    a, b = (client.id for client in clients)
    assert raised(together([partial(change, a, b), partial(change, b, a)])) == [Collision]
    with db.read() as session:
        assert len(set(session.scalars(select(Client.address)))) == 1, "one of them, whole"


def test_a_number_too_large_for_an_id_names_nothing(runtime: Runtime, actor: Actor) -> None:
    for far_off in (2**31, 2**63, 10**30):
        with pytest.raises(NotFound):
            runtime.clients.get_client(actor.scope, far_off)


def test_a_nul_character_is_refused_in_words(runtime: Runtime, actor: Actor) -> None:
    with pytest.raises(InvalidInput, match="NUL"):
        runtime.clients.add_client(actor, ClientDraft("Ac\0me"))
    assert runtime.clients.list_clients(actor.scope) == []


def test_names_are_found_and_ordered_as_on_sqlite(runtime: Runtime, actor: Actor) -> None:
    client = runtime.clients.add_client(actor, ClientDraft("Acme"))
    with runtime.db.write() as unit:
        for name in ("Łukasz", "Zofia", "łucja", "Adam"):
            unit.session.add(
                Contact(
                    client_id=client, first_name=name, time_zone="Europe/Warsaw", created_at=START, updated_at=START
                )
            )
    found = runtime.contacts.search(actor, "ŁU").rows
    assert sorted(row.name for row in found) == ["Łukasz", "łucja"]
    with runtime.db.read() as session:
        names = session.scalars(select(Contact.first_name).order_by(Contact.first_name)).all()
    assert names == sorted(names)


def test_times_are_utc_whatever_the_server_thinks(settings: Settings) -> None:
    for zone in ("Asia/Tokyo", "America/New_York"):
        db = Database(f"{settings.database_url}?options=-c%20timezone%3D{zone}", VirtualClock())
        with db.write() as unit:
            unit.session.add(Client(name=zone, created_at=START))
        with db.read() as session:
            assert set(session.scalars(select(Client.created_at))) == {START}
        db.dispose()


@pytest.mark.parametrize("options", ["ENCODING 'LATIN2' LOCALE 'C'", "ENCODING 'UTF8' LOCALE 'C'"])
def test_a_database_without_every_languages_letters_is_refused(options: str) -> None:
    url = server().empty_database(options)
    engine = create_engine(url)
    with pytest.raises(NotConfigured, match="--encoding=UTF8"):
        migrate.upgrade(engine, {})
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    server().drop(url)


def test_a_database_that_comes_again_is_as_new(tmp_path: Path) -> None:
    for _ in range(3):
        with fresh_database(POSTGRESQL, tmp_path) as url:
            db = Database(url, VirtualClock())
            with db.write() as unit:
                client = Client(name="Acme", created_at=START)
                unit.session.add(client)
                unit.session.flush()
                unit.session.add(Contact(client_id=client.id, time_zone="UTC", created_at=START, updated_at=START))
            assert client.id == 1
            with db.read() as session:
                assert session.scalar(select(func.count(Contact.id))) == 1
            migrate.upgrade(db.engine, {})
            db.dispose()


def test_without_its_driver_the_line_to_type_is_told() -> None:
    assert "pip install 'hookline[postgresql]'" in str(missing_driver(ModuleNotFoundError(name="psycopg")))
