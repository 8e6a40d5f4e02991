"""SQL for tests: each test opens a database of its own, and SQLAlchemy writes every statement anew for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_KEPT = 4000


@contextmanager
def written_once() -> Iterator[None]:
    """Inside the block engines of one kind share the statements they have written.

    They are kept by the dialect they were written for. A test's PostgreSQL is one server, its SQLite one library, and
    nothing sets a dialect apart from others of its class.
    """
    statements: Any = LRUCache(_KEPT)
    shared = property(lambda engine: statements, lambda engine, own: None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Engine, "_compiled_cache", shared, raising=False)
        patched.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patched.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield
