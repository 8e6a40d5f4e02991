"""Everything here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from hookline.testing.databases import KINDS


@pytest.fixture(params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    return str(request.param)
