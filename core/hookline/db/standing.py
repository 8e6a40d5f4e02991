"""How the database stands, owner by owner: what `hookline db status` shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect

from hookline.db.migrate import Owner, config_of, owners

_VERSION_TABLE = "_alembic_version"


class Standing(StrEnum):
    """How one owner's tables stand to its migrations."""

    CURRENT = "up to date"
    PENDING = "pending"
    NEWER = "newer than the package"  # a newer version of it was here
    MISSING = "package missing"  # its tables stay as they are


@dataclass(frozen=True)
class OwnerStanding:
    """One owner's revisions: the one that is applied, the newest, and how many are to be applied."""

    name: str
    standing: Standing
    current: str = ""
    head: str = ""
    pending: int = 0


def standings(engine: Engine, packages: dict[str, str]) -> list[OwnerStanding]:
    """Core first, then the installed plugins (name -> import package), then those whose packages are gone."""
    with engine.connect() as connection:
        found = [_of(connection, owner) for owner in owners(packages)]
        known = {owner.name for owner in found}
        gone = [name for name in plugins_with_tables(connection) if name not in known]
        return found + [OwnerStanding(n, Standing.MISSING, _current(connection, n + _VERSION_TABLE)) for n in gone]


def plugins_with_tables(connection: Connection) -> list[str]:
    """Plugins that have, or had, a history in this database, whether they are installed or not."""
    tables = inspect(connection).get_table_names()
    return sorted(t.removesuffix(_VERSION_TABLE) for t in tables if t.endswith(_VERSION_TABLE))


def _of(connection: Connection, owner: Owner) -> OwnerStanding:
    script = ScriptDirectory.from_config(config_of(owner, connection))
    current, head = _current(connection, owner.version_table), script.get_current_head() or ""
    try:
        waiting = len(list(script.iterate_revisions("head", current or "base")))
    except (CommandError, RevisionError):
        return OwnerStanding(owner.name, Standing.NEWER, current, head)
    standing = Standing.PENDING if waiting else Standing.CURRENT
    return OwnerStanding(owner.name, standing, current, head, waiting)


def _current(connection: Connection, version_table: str) -> str:
    context = MigrationContext.configure(connection, opts={"version_table": version_table})
    return context.get_current_revision() or ""
