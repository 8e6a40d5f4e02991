"""What PostgreSQL refuses and SQLite does not, told to people in their words."""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, OperationalError

from hookline.errors import Collision, HooklineError, InvalidInput, NotConfigured, NotFound
from hookline.text import N_

_LOST_OUT = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_TOO_LARGE = frozenset({"22003"})  # a number outside the column's range


def as_told(error: DBAPIError) -> HooklineError | None:
    """The error that a person gets to read instead; None where there is none and the database's own stands."""
    code = getattr(error.orig, "sqlstate", None)
    if isinstance(error, OperationalError) and code in _LOST_OUT:
        return Collision(
            N_("Somebody else changed the same thing at the same moment."), N_("Nothing was changed here: try again.")
        )
    if isinstance(error, DataError) and code in _TOO_LARGE:
        return NotFound(N_("There is nothing with so large a number."))
    if isinstance(error, DataError) and "NUL" in str(error.orig):
        return InvalidInput(
            N_("The text has a character in it that cannot be stored (NUL)."), N_("Remove it, then send again.")
        )
    return None


def missing_driver(error: ModuleNotFoundError) -> NotConfigured:
    """The database's driver is not installed."""
    return NotConfigured(
        N_("The driver of this database is not installed: %(module)s."),
        N_("For PostgreSQL type: pip install 'hookline[postgresql]'"),
        params={"module": error.name or "?"},
    )
