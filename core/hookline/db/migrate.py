"""Migrations of core and plugins: one command, a history and a version table for each owner."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from hookline.db import locks
from hookline.db.faults import require_unicode
from hookline.errors import HooklineError

_HERE = Path(__file__).parent / "migrations"


class MigrationsPending(HooklineError):
    """The database is older than the program."""

    id = "migrations-pending"
    status = 503


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


def _config(owner: Owner, connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(owner.folder))
    config.attributes.update(connection=connection, version_table=owner.version_table, owns=owner.owns)
    return config


def upgrade(engine: Engine, packages: dict[str, str]) -> None:
    """Bring the database up to the program: core's history, then each plugin's. Safe to run again.

    Raises NotConfigured where the database cannot hold every language's letters.
    """
    with engine.connect() as connection:
        require_unicode(connection)
    for owner in owners(packages):
        _upgrade_one(engine, owner)


def upgrade_plugin(engine: Engine, name: str, package: str) -> None:
    """Apply one plugin's history only; nothing where it has none. What fails half-way is rolled back."""
    for owner in owners({name: package}):
        if owner.name == name:
            _upgrade_one(engine, owner)


def _upgrade_one(engine: Engine, owner: Owner) -> None:
    with engine.begin() as connection:
        # Two processes started at once: the second finds the work done.
        locks.exclusive(connection, locks.MIGRATIONS)
        command.upgrade(_config(owner, connection), "head")


def pending(engine: Engine, packages: dict[str, str]) -> list[str]:
    """Owners whose newest revision is not applied yet."""
    late: list[str] = []
    with engine.connect() as connection:
        for owner in owners(packages):
            config = _config(owner, connection)
            head = ScriptDirectory.from_config(config).get_current_head()
            context = MigrationContext.configure(connection, opts={"version_table": owner.version_table})
            if context.get_current_revision() != head:
                late.append(owner.name)
    return late


def revision(engine: Engine, packages: dict[str, str], name: str, message: str) -> None:
    """Write a new revision for one owner by comparing its models with the database (for developers)."""
    owner = next((o for o in owners(packages) if o.name == name), None)
    if owner is None:
        raise HooklineError(f"{name} has no folder migrations/versions.", "Make it first, with an empty __init__.py.")
    with engine.begin() as connection:
        command.revision(_config(owner, connection), message=message, autogenerate=True)
