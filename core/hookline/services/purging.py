"""Takes a plugin's tables out of the database, after everything in them was written into files."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, delete, func, inspect, select

from hookline.db import locks
from hookline.db.models import OutboxReader
from hookline.db.standing import plugins_with_tables
from hookline.errors import NotFound
from hookline.services.csv_cells import write_rows
from hookline.text import N_

_BATCH = 1000


@dataclass(frozen=True)
class TableContent:
    """A table and how many rows it has."""

    name: str
    rows: int


def tables_of(connection: Connection, plugin: str, installed: Iterable[str]) -> list[str]:
    """The plugin's tables, its version table last. Where another plugin's name begins with this one's, not its."""
    others = {*installed, *plugins_with_tables(connection)} - {plugin}
    longer = tuple(f"{name}_" for name in others if name.startswith(f"{plugin}_"))
    found = [t for t in inspect(connection).get_table_names() if t.startswith(f"{plugin}_")]
    own = [t for t in found if not (longer and t.startswith(longer))]
    return sorted(own, key=lambda table: (table == f"{plugin}_alembic_version", table))


def contents(engine: Engine, plugin: str, installed: Iterable[str]) -> list[TableContent]:
    """What would be purged; raises NotFound where the plugin has no tables here."""
    with engine.connect() as connection:
        names = tables_of(connection, plugin, installed)
        if not names:
            raise NotFound(N_("The plugin %(name)s has no tables in this database."), params={"name": plugin})
        tables = _reflected(connection, names)
        return [TableContent(t.name, connection.scalar(select(func.count()).select_from(t)) or 0) for t in tables]


def export(engine: Engine, plugin: str, installed: Iterable[str], folder: Path) -> list[Path]:
    """Write each table as CSV (for people) and as JSON lines (exact) into a new folder that only the owner can read."""
    folder.mkdir(parents=True, mode=0o700)
    with engine.connect() as connection:
        tables = _reflected(connection, tables_of(connection, plugin, installed))
        return [path for table in tables for path in _export(connection, table, folder)]


def _export(connection: Connection, table: Table, folder: Path) -> list[Path]:
    names = [column.name for column in table.columns]
    plain, exact = folder / f"{table.name}.csv", folder / f"{table.name}.jsonl"
    with plain.open("w", encoding="utf-8", newline="") as cells, exact.open("w", encoding="utf-8") as lines:
        cells.writelines(write_rows([names], ","))
        for row in connection.execution_options(yield_per=_BATCH).execute(select(*table.columns)):
            values = [_readable(value) for value in row]
            cells.writelines(write_rows([values], ","))
            lines.write(json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False) + "\n")
    return [plain, exact]


def _readable(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value if isinstance(value, str | int | float | bool | dict | list | None) else str(value)


def drop(engine: Engine, plugin: str, installed: Iterable[str]) -> list[str]:
    """Drop the plugin's tables, its history and its place among the events, all or nothing; what was dropped."""
    with engine.begin() as connection:
        locks.exclusive(connection, locks.MIGRATIONS)
        names = tables_of(connection, plugin, installed)
        metadata = MetaData()
        metadata.reflect(connection, only=names)  # with core's tables that they refer to: the order comes from that
        metadata.drop_all(connection, tables=[metadata.tables[name] for name in names])
        connection.execute(delete(OutboxReader).where(OutboxReader.name == f"hooks.{plugin}"))
    return names


def _reflected(connection: Connection, names: list[str]) -> list[Table]:
    metadata = MetaData()
    metadata.reflect(connection, only=names, resolve_fks=False)
    return [metadata.tables[name] for name in names]
