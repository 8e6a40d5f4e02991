"""`hookline db`: the tables of core and of every plugin."""

from __future__ import annotations

import click

from hookline import bootstrap
from hookline.bootstrap import Runtime
from hookline.commands.tables import table
from hookline.db import migrate
from hookline.db.standing import OwnerStanding, Standing, standings
from hookline.errors import HooklineError
from hookline.plugin_host.states import PluginState
from hookline.text import N_


@click.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring the database up to this program (safe to run again).

    A plugin whose migrations fail is told of; they are taken back, and the rest goes on.
    """
    runtime = bootstrap.build()
    try:
        failed = runtime.migrate()
    finally:
        runtime.close()
    for one in failed:
        click.echo(f"{one.plugin}: its migrations failed and were taken back ({one.error}).", err=True)
    if failed:
        raise HooklineError(
            N_("Core is up to date; these plugins are not: %(names)s."),
            N_("They do not run until their migrations work. Tell their authors, or disable them."),
            params={"names": ", ".join(one.plugin for one in failed)},
        )
    click.echo("The database is up to date.")


@db.command()
def status() -> None:
    """Show how far the migrations of core and of every plugin are applied, also of plugins that are gone."""
    runtime = bootstrap.build()
    try:
        rows = [_row(runtime, one) for one in standings(runtime.db.engine, _installed(runtime))]
    finally:
        runtime.close()
    click.echo(table(("OWNER", "STATE", "APPLIED", "NEWEST", "PENDING", "NOTE"), rows))


def _installed(runtime: Runtime) -> dict[str, str]:
    return {name: manifest.package for name, manifest in runtime.host.manifests.items()}


def _row(runtime: Runtime, one: OwnerStanding) -> tuple[str, ...]:
    pending = str(one.pending) if one.pending else "-"
    return (one.name, one.standing.value, one.current or "-", one.head or "-", pending, _note(runtime, one))


def _note(runtime: Runtime, one: OwnerStanding) -> str:
    if one.standing is Standing.MISSING:
        return f"its tables stay; hookline plugins purge {one.name} drops them"
    state = runtime.host.statuses[one.name].state if one.name in runtime.host.statuses else PluginState.ACTIVE
    if one.standing is Standing.PENDING:
        return "hookline db upgrade" if state is not PluginState.DISABLED else "applied when it is enabled"
    if one.standing is Standing.NEWER:
        return "install the version of the package that was here"
    return "" if state is PluginState.ACTIVE else f"the plugin is {state.value}"


@db.command()
@click.argument("owner")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
def downgrade(owner: str, revision: str, yes: bool) -> None:
    """Take the migrations of OWNER (core or a plugin) back to REVISION: an id, -1 for the last one, base for all.

    What is in tables and columns that are taken back is lost. Stop the server first, and make a backup.
    """
    runtime = bootstrap.build()
    try:
        migrate.owner_named(_installed(runtime), owner)
        if not yes:
            click.confirm(f"What is in tables and columns of {owner} that go is lost. Take it back?", abort=True)
        migrate.downgrade(runtime.db.engine, _installed(runtime), owner, revision)
    finally:
        runtime.close()
    click.echo(f"{owner} is taken back to {revision}.")


@db.command()
@click.argument("owner")
@click.option("-m", "--message", required=True)
def revision(owner: str, message: str) -> None:
    """Write a new migration for OWNER (core or a plugin) by comparing models and database. For developers."""
    runtime = bootstrap.build()
    migrate.revision(runtime.db.engine, runtime.host.active_packages(), owner, message)
