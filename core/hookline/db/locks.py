"""Locks that are not rows, for what several processes on one PostgreSQL database must not do at once.

On SQLite they do nothing: there one writer at a time has the database (BEGIN IMMEDIATE), and one process serves it.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

#: Held alone while consents are withdrawn or numbers suppressed, shared while an attempt is opened.
WITHDRAWALS = "withdrawals"
#: Held while published events get their numbers.
OUTBOX = "outbox"
#: Held while the tables are brought up to the program.
MIGRATIONS = "migrations"
#: Held while somebody may stop being an administrator: one stays.
ADMINISTRATORS = "administrators"
#: Held while a release set gets its number.
RELEASE_SETS = "release sets"


def contacts_of(client_id: int) -> str:
    """Held while contacts, numbers or campaign contacts of a client are added: each comes to be once, and a list that
    is given to a campaign while it is being imported loses none on the way."""
    return f"contacts of client {client_id}"


def exclusive(where: Session | Connection, name: str) -> None:
    """Wait until nobody else holds the lock `name`, then hold it alone until this transaction ends."""
    _take(where, "pg_advisory_xact_lock", name)


def shared(where: Session | Connection, name: str) -> None:
    """Hold the lock `name` beside others who share it until this transaction ends; waits for an exclusive holder."""
    _take(where, "pg_advisory_xact_lock_shared", name)


def _take(where: Session | Connection, function: str, name: str) -> None:
    connection = where if isinstance(where, Connection) else where.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT {function}(:key)"), {"key": lock_key(name)})


def lock_key(name: str) -> int:
    """The number PostgreSQL knows the lock by: the same in every process, and no other program's by chance."""
    digest = hashlib.sha256(f"hookline:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
