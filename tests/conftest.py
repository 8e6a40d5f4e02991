"""Fixtures for every test: a fresh installation on a clock that stands still, with people in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from hookline.bootstrap import Runtime
from hookline.settings import Settings
from hookline.testing.clock import VirtualClock
from hookline_web.testing import PageClient, People, add_people, make_app, make_client


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated, empty database file: made once, copied for every test, since migrating takes a second."""
    folder = tmp_path_factory.mktemp("migrated")
    runtime = Runtime(Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'hookline.db'}"))
    runtime.migrate()
    with runtime.db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    runtime.close()
    return (folder / "hookline.db").read_bytes()


@pytest.fixture
def settings(tmp_path: Path, _migrated: bytes) -> Settings:
    """Settings of a fresh installation in a folder of its own, its SQLite database migrated and empty."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "hookline.db").write_bytes(_migrated)
    return Settings(data_dir=folder, database_url=f"sqlite:///{folder / 'hookline.db'}")


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that the test turns by hand."""
    return VirtualClock()


@pytest.fixture
def runtime(settings: Settings, clock: VirtualClock) -> Iterator[Runtime]:
    """The installation, its engine not started."""
    made = Runtime(settings, clock)
    yield made
    made.close()


@pytest.fixture
def people(runtime: Runtime) -> People:
    """Clients Acme and Globex; users admin, supervisor (of Acme) and agent (see hookline_web.testing)."""
    return add_people(runtime)


@pytest.fixture
def app(runtime: Runtime, people: People) -> Flask:
    """The web app of the installation with people in it."""
    return make_app(runtime)


@pytest.fixture
def browser(app: Flask) -> Callable[[str | None], PageClient]:
    """Makes browsers: `browser("agent")` is logged in as the agent, `browser(None)` as nobody."""
    return lambda login: make_client(app, login)
