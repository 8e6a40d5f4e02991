"""The installation that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hookline import bootstrap
from hookline.bootstrap import Runtime


@contextmanager
def installation() -> Iterator[Runtime]:
    """The installation in HOOKLINE_HOME or the working folder, closed at the end; raises MigrationsPending."""
    runtime = bootstrap.build()
    try:
        runtime.require_tables()
        yield runtime
    finally:
        runtime.close()
