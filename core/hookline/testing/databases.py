"""Fresh, migrated databases for tests, on SQLite and on PostgreSQL: migrated once per process, then copied."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from hookline.bootstrap import Runtime
from hookline.settings import Settings
from hookline.testing import postgres, template_store

SQLITE, POSTGRESQL = "sqlite", "postgresql"
KINDS = (SQLITE, POSTGRESQL)


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a database with the tables of core and every installed plugin, gone at the end.

    On SQLite it is `folder`/hookline.db (which stays with the folder); on PostgreSQL this process's own server has it.
    """
    if kind == SQLITE:
        folder.mkdir(parents=True, exist_ok=True)
        yield lay_sqlite(folder / "hookline.db")
        return
    url = postgres.server().database(("migrated", _installed()), _migrate)
    try:
        yield url
    finally:
        postgres.server().drop(url)


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """As `fresh_database`, without any table."""
    if kind == SQLITE:
        yield f"sqlite:///{folder / 'hookline.db'}"
        return
    url = postgres.server().empty_database()
    try:
        yield url
    finally:
        postgres.server().drop(url)


def lay_sqlite(path: Path) -> str:
    """Write a fresh SQLite database to a path; its URL."""
    path.write_bytes(_migrated_file(_installed()))
    return f"sqlite:///{path}"


def _installed() -> frozenset[tuple[str, str]]:
    """The plugins that can be found now: a test may install one, and its tables come with it."""
    return frozenset((entry.name, entry.value) for entry in entry_points(group="hookline.plugins"))


@cache
def _migrated_file(plugins: frozenset[tuple[str, str]]) -> bytes:
    """A migrated, empty SQLite database. Kept between runs, since migrating takes seconds, by what it is made from."""
    kept = template_store.path_for(plugins)
    if not kept.exists():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "hookline.db"
            _migrate(f"sqlite:///{path}")
            template_store.keep(path, kept)
    return kept.read_bytes()


def _migrate(url: str) -> None:
    every = tuple(sorted(name for name, _package in _installed()))
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime(Settings(data_dir=Path(folder), database_url=url, enabled_plugins=every))
        try:
            runtime.migrate()
            if runtime.db.engine.dialect.name == SQLITE:
                with runtime.db.engine.connect() as connection:
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            runtime.close()
