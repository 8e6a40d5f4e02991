"""What databases refuse, told to people in their words."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from hookline.errors import Collision, HooklineError, InvalidInput, NotConfigured, NotFound
from hookline.text import N_

_LOST_OUT = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_TOO_LARGE = frozenset({"22003"})  # a number outside the column's range


def as_told(error: DBAPIError) -> HooklineError | None:
    """The error that a person gets to read instead; None where there is none and the database's own stands."""
    code = getattr(error.orig, "sqlstate", None)
    if isinstance(error, OperationalError) and code in _LOST_OUT:
        return _collision()
    if isinstance(error, DataError) and code in _TOO_LARGE:
        return NotFound(N_("There is nothing with so large a number."))
    if isinstance(error, DataError) and "NUL" in str(error.orig):
        return InvalidInput(
            N_("The text has a character in it that cannot be stored (NUL)."), N_("Remove it, then send again.")
        )
    return None


def as_collision(error: IntegrityError) -> Collision | None:
    """Two saved the same name or number at the same moment, each after looking that it was free; None where the
    database refused for another reason."""
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorcode", None)
    twins = ("23505", sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
    return _collision() if code in twins else None


def _collision() -> Collision:
    return Collision(
        N_("Somebody else changed the same thing at the same moment."), N_("Nothing was changed here: try again.")
    )


def require_unicode(connection: Connection) -> None:
    """Raise NotConfigured where a PostgreSQL database cannot hold or compare every language's letters."""
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.scalar(text("SHOW server_encoding"))
    # An encoding that is not Unicode could not even take the letter: it is asked about only in Unicode.
    if encoding != "UTF8" or connection.scalar(text("SELECT lower(U&'\\0141') = U&'\\0142'")) is not True:
        raise NotConfigured(
            N_("This database does not know the letters of every language (encoding %(encoding)s)."),
            N_("Make it anew: createdb --template=template0 --encoding=UTF8 --locale=C.UTF-8 hookline"),
            params={"encoding": str(encoding)},
        )


def missing_driver(error: ModuleNotFoundError) -> NotConfigured:
    """The database's driver is not installed."""
    return NotConfigured(
        N_("The driver of this database is not installed: %(module)s."),
        N_("For PostgreSQL type: pip install 'hookline[postgresql]'"),
        params={"module": error.name or "?"},
    )
