"""The declarative base; plugins derive their models from it too, each with its own table prefix and history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from sqlalchemy import JSON, MetaData
from sqlalchemy.orm import DeclarativeBase

from hookline.db.types import UtcDateTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def marks(**columns: str) -> Mapping[str, str]:
    """What is to be said of columns: of a personal one the category of its data, of another why it is none."""
    return MappingProxyType(columns)


class Base(DeclarativeBase):
    """Base of every model. Constraint names follow one convention, so that migrations can name them on any database."""

    #: Whether a write transaction on PostgreSQL locks this table's rows as it reads them (see `hookline.db.holding`):
    #: for what two people or threads change at the same moment.
    held: ClassVar[bool] = False

    #: Personal columns and the category of what is in them (see `hookline.data_holders.DataCategory`). A table with any
    #: needs a data holder.
    personal: ClassVar[Mapping[str, str]] = {}
    #: Columns that sound personal and are not, with the reason.
    impersonal: ClassVar[Mapping[str, str]] = {}

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }
