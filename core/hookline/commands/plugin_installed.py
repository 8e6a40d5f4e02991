"""What the commands on plugins stand on: what is installed, and the installation, where it can be opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from sqlalchemy.exc import SQLAlchemyError

from hookline.bootstrap import Runtime
from hookline.commands.words import error_said, said
from hookline.db import migrate
from hookline.errors import HooklineError
from hookline.plugin_host.checks import Surroundings
from hookline.plugin_host.discovery import Discovery, discover_for
from hookline.plugin_host.in_use import names_in_use
from hookline.plugin_host.manifest import Manifest
from hookline.settings import Settings
from hookline.text import N_


class NoSuchPlugin(HooklineError):
    """No plugin of that name is installed."""

    id = "no-such-plugin"
    status = 404


@dataclass(frozen=True)
class Opened:
    """The installation, or None and why it cannot be opened."""

    runtime: Runtime | None
    why: str = ""


def require_installed(found: Discovery, name: str) -> None:
    """Raise NoSuchPlugin where no plugin of that name is installed, with those that are."""
    if name not in found.statuses:
        raise NoSuchPlugin(
            N_("No plugin %(plugin)s is installed."),
            N_("Installed are: %(installed)s."),
            params={"plugin": name, "installed": ", ".join(sorted(found.statuses))},
        )


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """The installation with its database, where that is set up and answers."""
    try:
        runtime = Runtime(settings)
    except HooklineError as error:
        yield Opened(None, error_said(error).replace("\n", " "))
        return
    try:
        yield _with_database(runtime)
    finally:
        runtime.close()


def _with_database(runtime: Runtime) -> Opened:
    try:
        late = migrate.pending(runtime.db.engine, {})
    except SQLAlchemyError as error:
        return Opened(None, said(N_("The database does not answer (%(error)s)."), error=type(error).__name__))
    return Opened(None, said(N_("The database is not set up yet."))) if late else Opened(runtime)


def surroundings(settings: Settings, runtime: Runtime | None, ctx: click.Context) -> Surroundings:
    """What a plugin would come into."""
    root = ctx.find_root().command
    commands = root.commands if isinstance(root, click.Group) else {}
    found = discover_for(settings)
    if runtime is None:
        return Surroundings(settings, found, commands=commands)
    jobs = [name for name, job in runtime.scheduler.jobs.items() if job.owner == "core"]
    return Surroundings(
        settings, found, names_in_use(runtime.host, jobs), commands, lambda manifest: is_late(runtime, manifest)
    )


def is_late(runtime: Runtime, manifest: Manifest) -> bool:
    """Whether a plugin's migrations are still to be applied."""
    return manifest.name in migrate.pending(runtime.db.engine, {manifest.name: manifest.package})
