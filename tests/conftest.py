"""Fixtures for every test: a fresh installation on a clock that stands still, with people in it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from argon2 import PasswordHasher
from flask import Flask

from hookline.bootstrap import Runtime
from hookline.settings import Settings
from hookline.testing.cheap_passwords import cheaply_hashed
from hookline.testing.clock import VirtualClock
from hookline.testing.databases import SQLITE, fresh_database
from hookline_web.testing import PageClient, People, add_people, make_app, make_client
from tests.known_packages import read_once
from tests.known_routes import compiled_once
from tests.known_statements import written_once

_LOGGING = structlog.get_config()


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands under test set logging up for their process, and so do fixtures of whole modules: no test sees it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    structlog.configure(**_LOGGING)
    yield
    structlog.configure(**_LOGGING)
    root.handlers, root.level = handlers, level


@pytest.fixture(scope="session", autouse=True)
def real_hasher() -> Iterator[PasswordHasher]:
    """Hashing passwords is slow on purpose (a quarter of a second each): tests do it with next to no work.

    What is handed out is the hasher as it is outside of tests.
    """
    with cheaply_hashed() as real:
        yield real


@pytest.fixture(scope="session", autouse=True)
def worlds_made_cheaply() -> Iterator[None]:
    """Hundreds of tests make an installation and an app of their own: what is the same in each is made once."""
    with compiled_once(), written_once(), read_once():
        yield


def pytest_collection_finish() -> None:
    """What is loaded by now stays: Python need not look through it for garbage all the time, nor for a little more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 20)


@pytest.fixture
def database_kind() -> str:
    """On which database the test runs (see hookline.testing.databases); some folders run on each."""
    return SQLITE


@pytest.fixture
def database_url(tmp_path: Path, database_kind: str) -> Iterator[str]:
    """A database of the test's own, migrated and empty."""
    with fresh_database(database_kind, tmp_path / "data") as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a fresh installation in a folder of its own, its database migrated and empty."""
    return Settings(data_dir=tmp_path / "data", database_url=database_url)


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
