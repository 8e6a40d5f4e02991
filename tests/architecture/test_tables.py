"""Every table has one owner, whose migrations make exactly it, on an empty database and in one go, on SQLite and
PostgreSQL alike."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect

from hookline.db import migrate, models
from hookline.db.base import Base
from hookline.db.contact_search import is_part
from hookline.testing.databases import KINDS, empty_database
from tests.architecture.source import plugins

PLUGINS = {package.removeprefix("hookline_"): package for package in plugins()}


def _load_models() -> None:
    for package in PLUGINS.values():
        if importlib.util.find_spec(f"{package}.models"):
            importlib.import_module(f"{package}.models")


_load_models()


@pytest.fixture(scope="module", params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database as the migrations make it."""
    with empty_database(request.param, tmp_path_factory.mktemp("db")) as url:
        made = create_engine(url)
        migrate.upgrade(made, PLUGINS)
        yield made
        made.dispose()


def _owner_by_package(table: str) -> str:
    mapper = next(m for m in Base.registry.mappers if getattr(m.local_table, "name", "") == table)
    package = mapper.class_.__module__.split(".")[0]
    return "core" if package == "hookline" else package.removeprefix("hookline_")


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_a_table_has_one_owner_and_bears_its_name(table: str) -> None:
    owners = [o.name for o in migrate.owners(PLUGINS) if o.owns(table)]
    assert owners == [_owner_by_package(table)]


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_core_never_points_at_a_plugin_nor_a_plugin_at_another(table: str) -> None:
    own = _owner_by_package(table)
    targets = {_owner_by_package(fk.column.table.name) for fk in Base.metadata.tables[table].foreign_keys}
    assert targets <= {own, "core"}


def _unreadable(engine: Engine, name: object) -> bool:
    """Of SQLite nobody tells Alembic that an index descends; PostgreSQL's is compared."""
    return engine.dialect.name == "sqlite" and name == "ix_campaign_contacts_waiting"


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_object": lambda thing, name, kind, *_: (
                    not str(name).endswith("alembic_version") and not is_part(name) and not _unreadable(engine, name)
                ),
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrate.upgrade(engine, PLUGINS)
    assert migrate.pending(engine, PLUGINS) == []


@pytest.mark.parametrize("kind", KINDS)
def test_migrations_can_be_taken_back_and_applied_again(kind: str, tmp_path: Path) -> None:
    with empty_database(kind, tmp_path) as url:
        made = create_engine(url)
        migrate.upgrade(made, PLUGINS)
        for owner in reversed(migrate.owners(PLUGINS)):
            with made.begin() as connection:
                command.downgrade(migrate.config_of(owner, connection), "base")
        left = inspect(made).get_table_names()
        assert [table for table in left if not table.endswith("alembic_version")] == []
        migrate.upgrade(made, PLUGINS)
        assert migrate.pending(made, PLUGINS) == []
        made.dispose()


def test_taking_a_plugin_away_leaves_the_others_working(engine: Engine) -> None:
    for gone in PLUGINS:
        rest = {name: package for name, package in PLUGINS.items() if name != gone}
        migrate.upgrade(engine, rest)
        assert migrate.pending(engine, rest) == []


def test_every_model_of_core_can_be_imported_from_one_place() -> None:
    folder = Path(models.__file__).parent
    modules = {f"{models.__name__}.{m.name}" for m in pkgutil.iter_modules([str(folder)])}
    written = {m.class_.__name__ for m in Base.registry.mappers if m.class_.__module__ in modules}
    assert written == set(models.__all__)
