"""Everything here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.testing.centre import Centre
from hookline.testing.databases import KINDS, empty_database


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)


@pytest.fixture
def empty_url(tmp_path: Path, database_kind: str) -> Iterator[str]:
    """A database without any table."""
    with empty_database(database_kind, tmp_path) as url:
        yield url


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Iterator[Centre]:
    """A small call centre on a simulated network."""
    made = Centre(tmp_path / "data", database_url=database_url)
    yield made
    made.close()
