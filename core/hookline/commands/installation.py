"""The installation that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hookline import bootstrap
from hookline.bootstrap import Runtime
from hookline.db import migrate
from hookline.db.migrate import MigrationsPending


@contextmanager
def installation() -> Iterator[Runtime]:
    """The installation in HOOKLINE_HOME or the working folder, closed at the end; raises MigrationsPending."""
    runtime = bootstrap.build()
    try:
        if migrate.pending(runtime.db.engine, runtime.host.active_packages()):
            raise MigrationsPending(
                f"The database in {runtime.settings.data_dir} is not set up or older than this program.",
                "Run `hookline init`, or go to the installation's folder first.",
            )
        yield runtime
    finally:
        runtime.close()
