"""Alembic's environment, for core and for every plugin: each owner has its own version table and its own tables.

With one shared version table, removing a plugin's folder would break every later migration.
"""

from __future__ import annotations

from typing import Any

from alembic import context

from hookline.db.base import Base
from hookline.db.contact_search import is_part

attributes = context.config.attributes


def _owned(item: Any, name: str | None, kind: str, _reflected: bool, _compare: Any) -> bool:
    if is_part(name):
        return False
    table = item if kind == "table" else getattr(item, "table", None)
    if table is None:
        return True
    return bool(attributes["owns"](table.name)) and not str(name).endswith("alembic_version")


context.configure(
    connection=attributes["connection"],
    target_metadata=Base.metadata,
    version_table=attributes["version_table"],
    include_object=_owned,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="types.",
)
with context.begin_transaction():
    context.run_migrations()
