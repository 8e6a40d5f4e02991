"""Many rows at once: a driver's executemany on SQLite, COPY on PostgreSQL, and conditions over many values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, any_, func, inspect, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from hookline.db.base import Base

Values = Sequence[Sequence[Any]]
#: Beyond this many, values are handed over as one list instead of a placeholder each.
_FEW = 200


def insert_rows(
    where: Session | Connection, model: type[Base], columns: Sequence[str], rows: Values, *, known: bool = False
) -> None:
    """Insert rows, each a value per column, in their order; with `known`, rows whose key is there are passed over."""
    if not rows:
        return
    connection = where if isinstance(where, Connection) else where.connection()
    table = table_of(model)
    ready = _bound(connection, [table.columns[name] for name in columns], rows)
    sqlite = connection.dialect.name == "sqlite"
    target = f"{table.name} ({', '.join(columns)})"
    if sqlite or known:
        marks = ", ".join(["?" if sqlite else "%s"] * len(columns))
        passing = " ON CONFLICT DO NOTHING" if known else ""
        # Names come from the model, values are bound.
        connection.exec_driver_sql(f"INSERT INTO {target} VALUES ({marks}){passing}", ready)  # noqa: S608
    else:
        _copy(connection, f"COPY {target} FROM STDIN", ready)


def update_rows(session: Session, model: type[Base], columns: Sequence[str], rows: Values) -> None:
    """Set columns of rows by id: each row is a value per column, then the id."""
    if not rows:
        return
    connection = session.connection()
    table = table_of(model)
    ready = _bound(connection, [*(table.columns[name] for name in columns), table.columns["id"]], rows)
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    sets = ", ".join(f"{name} = {mark}" for name in columns)
    connection.exec_driver_sql(f"UPDATE {table.name} SET {sets} WHERE id = {mark}", ready)  # noqa: S608 - as above


def new_ids(session: Session, model: type[Base], count: int, *, above: int = 0) -> list[int]:
    """Ids for `count` rows to be inserted, rising; on SQLite above all there are and above `above`.

    The caller's write transaction keeps anybody else from taking them.
    """
    table = table_of(model)
    if session.connection().dialect.name == "sqlite":
        last = session.scalar(select(func.max(table.columns["id"]))) or 0
        first = max(last, above) + 1
        return list(range(first, first + count))
    sequence = func.pg_get_serial_sequence(table.name, "id")
    series = func.generate_series(1, count).table_valued("n")
    return sorted(session.connection().scalars(select(func.nextval(sequence)).select_from(series)))


def among(session: Session, column: InstrumentedAttribute[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether the column's value is one of these, however many there are."""
    wanted = list(values)
    if len(wanted) <= _FEW:
        return column.in_(wanted)
    if session.connection().dialect.name == "sqlite":
        return column.in_(select(func.json_each(json.dumps(wanted)).table_valued("value").c.value))
    return column == any_(literal(wanted, ARRAY(column.type)))


@contextmanager
def roomy(session: Session) -> Iterator[None]:
    """Let SQLite keep the pages of this block's indexes in memory (64 MB) instead of writing them more than once."""
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql("PRAGMA cache_size = -65536")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {int(usual)}")


def table_of(model: type[Base]) -> Table:
    """The model's table."""
    table = inspect(model).local_table
    assert isinstance(table, Table)
    return table


def _bound(connection: Connection, columns: Sequence[Column[Any]], rows: Values) -> list[tuple[Any, ...]]:
    """The rows as the driver takes them."""
    found = [c.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for c in columns]
    if not any(found):
        return [tuple(row) for row in rows]
    each = list(zip(*rows, strict=True))
    for place, convert in enumerate(found):
        if convert is not None:
            each[place] = tuple(map(_remembering(convert), each[place]))
    return list(zip(*each, strict=True))


def _remembering(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same value again, as times and empty fields are in most rows, is converted once."""
    last: list[Any] = [object(), None]

    def converted(value: Any) -> Any:
        if value is not last[0]:
            last[0], last[1] = value, convert(value)
        return last[1]

    return converted


def _copy(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
