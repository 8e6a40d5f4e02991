"""Migrations of core and plugins: one command, a history and a version table for each owner."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from hookline.db import locks
from hookline.db.faults import require_unicode
from hookline.errors import HooklineError
from hookline.text import N_

log = structlog.get_logger(__name__)

_HERE = Path(__file__).parent / "migrations"


class MigrationsPending(HooklineError):
    """The database is older than the program."""

    id = "migrations-pending"
    status = 503


class ForeignTables(HooklineError):
    """A plugin's migration made tables that do not bear its name; it was taken back. `tables` are their names."""

    id = "foreign-tables"

    def __init__(self, plugin: str, tables: list[str]) -> None:
        super().__init__(
            N_("The plugin %(plugin)s makes tables that do not begin with its name: %(tables)s."),
            N_("Such a table could be core's or another plugin's. Ask its author to rename it."),
            params={"plugin": plugin, "tables": ", ".join(tables)},
        )
        self.tables = tables


@dataclass(frozen=True)
class MigrationFailed:
    """A plugin whose migrations failed. Nothing of them is left in the database."""

    plugin: str
    error: Exception


@dataclass(frozen=True)
class Owner:
    """Who owns a migration history: core, or a plugin by name. `folder` holds its revision files."""

    name: str
    folder: Path
    plugins: frozenset[str] = frozenset()

    @property
    def version_table(self) -> str:
        """The table that remembers how far this owner's history was applied."""
        return "alembic_version" if self.name == "core" else f"{self.name}_alembic_version"

    def owns(self, table: str) -> bool:
        """Whether a table is this owner's: a plugin's begin with its name, the rest are core's."""
        if self.name != "core":
            return table.startswith(f"{self.name}_")
        return not any(table.startswith(f"{plugin}_") for plugin in self.plugins)


def owners(packages: dict[str, str]) -> list[Owner]:
    """Core first, then every plugin (name -> import package) that ships migrations."""
    found = [Owner("core", _HERE / "versions", frozenset(packages))]
    for name, package in sorted(packages.items()):
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations if spec else None) or ():
            folder = Path(location) / "migrations" / "versions"
            if folder.is_dir():
                found.append(Owner(name, folder))
    return found


def config_of(owner: Owner, connection: Connection) -> Config:
    """Alembic's configuration for one owner's history."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(owner.folder))
    config.attributes.update(connection=connection, version_table=owner.version_table, owns=owner.owns)
    return config


def upgrade(engine: Engine, packages: dict[str, str]) -> list[MigrationFailed]:
    """Bring the database up to the program: core's history, then each plugin's. Safe to run again.

    A plugin's migrations that fail are taken back, whole, and told of; the rest goes on. Core's raise. Raises
    NotConfigured where the database cannot hold every language's letters.
    """
    with engine.connect() as connection:
        require_unicode(connection)
    failed = []
    for owner in owners(packages):
        try:
            _upgrade_one(engine, owner)
        except Exception as error:
            if owner.name == "core":
                raise
            log.error("a plugin's migrations failed and were taken back", plugin=owner.name, exc_info=error)
            failed.append(MigrationFailed(owner.name, error))
    return failed


def upgrade_plugin(engine: Engine, name: str, package: str) -> None:
    """Apply one plugin's history only; nothing where it has none. What fails half-way is rolled back."""
    for owner in owners({name: package}):
        if owner.name == name:
            _upgrade_one(engine, owner)


def _upgrade_one(engine: Engine, owner: Owner) -> None:
    with engine.begin() as connection:
        # Two processes started at once: the second finds the work done.
        locks.exclusive(connection, locks.MIGRATIONS)
        before = set(inspect(connection).get_table_names())
        command.upgrade(config_of(owner, connection), "head")
        made = set(inspect(connection).get_table_names()) - before - {owner.version_table}
        foreign = sorted(table for table in made if not owner.owns(table))
        if foreign and owner.name != "core":
            raise ForeignTables(owner.name, foreign)


def pending(engine: Engine, packages: dict[str, str]) -> list[str]:
    """Owners whose newest revision is not applied yet."""
    late: list[str] = []
    with engine.connect() as connection:
        for owner in owners(packages):
            config = config_of(owner, connection)
            head = ScriptDirectory.from_config(config).get_current_head()
            context = MigrationContext.configure(connection, opts={"version_table": owner.version_table})
            if context.get_current_revision() != head:
                late.append(owner.name)
    return late


def downgrade(engine: Engine, packages: dict[str, str], name: str, revision: str) -> None:
    """Take one owner's migrations back to a revision ("base" for all of them), with what is in their tables.

    Raises HooklineError for an owner or a revision that is not there.
    """
    owner = owner_named(packages, name)
    with engine.begin() as connection:
        locks.exclusive(connection, locks.MIGRATIONS)
        try:
            command.downgrade(config_of(owner, connection), revision)
        except CommandError as error:
            raise HooklineError(
                N_("The migrations of %(owner)s cannot be taken back to %(revision)s: %(error)s"),
                N_("`hookline db status` shows its revisions."),
                params={"owner": name, "revision": revision, "error": error},
            ) from error


def owner_named(packages: dict[str, str], name: str) -> Owner:
    """The owner of that name; raises HooklineError where it has no migrations, or is not installed."""
    owner = next((o for o in owners(packages) if o.name == name), None)
    if owner is None:
        raise HooklineError(
            N_("%(owner)s has no folder migrations/versions."),
            N_("For a new plugin make it first, with an empty __init__.py."),
            params={"owner": name},
        )
    return owner


def revision(engine: Engine, packages: dict[str, str], name: str, message: str) -> None:
    """Write a new revision for one owner by comparing its models with the database (for developers)."""
    owner = owner_named(packages, name)
    with engine.begin() as connection:
        command.revision(config_of(owner, connection), message=message, autogenerate=True)
