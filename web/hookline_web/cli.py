"""`hookline serve`."""

from __future__ import annotations

import dataclasses
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hookline import logs
from hookline.bootstrap import Runtime
from hookline.db import migrate
from hookline.errors import Conflict
from hookline.serving import LOCK_NAME
from hookline.settings import Settings, load_settings
from hookline.text import N_
from hookline_web.server import Server


@click.command()
@click.option("--host", help="Address to listen on (default: the setting, 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (default: the setting, 8000).")
def serve(host: str | None, port: int | None) -> None:
    """Serve the pages and run the engine: everything on this machine, by one command."""
    settings = load_settings()
    settings = dataclasses.replace(settings, host=host or settings.host, port=port or settings.port)
    logs.configure(settings.log_level, settings.log_format)
    with only_one(settings.data_dir):
        prepare_database(settings)
        click.echo(f"Hookline serves http://{settings.host}:{settings.port}/ (stop it with Ctrl+C).")
        Server(lambda: Runtime(settings), f"{settings.host}:{settings.port}").run()


def prepare_database(settings: Settings) -> None:
    """Apply pending migrations on SQLite; raise MigrationsPending elsewhere, where others may be using it.

    Raises Conflict where another process runs the engine on the database.
    """
    runtime = Runtime(settings)
    try:
        runtime.require_alone()
        late = migrate.pending(runtime.db.engine, runtime.host.active_packages())
        if not late:
            return
        if runtime.db.engine.dialect.name != "sqlite":
            runtime.require_tables()  # plugins that are late do not run; the rest is served
            return
        click.echo(f"Bringing the database up to this program: {', '.join(late)}.")
        runtime.migrate()
    finally:
        runtime.close()


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """Hold the installation's lock: two engines on one database would dial twice. Raises Conflict."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / LOCK_NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                N_("Hookline already serves this installation."),
                N_("Stop the running `hookline serve` first, or set HOOKLINE_HOME to another installation."),
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
