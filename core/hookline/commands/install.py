"""`hookline init`: from nothing to an installation that somebody can log in to."""

from __future__ import annotations

from pathlib import Path

import click

from hookline import bootstrap
from hookline.bootstrap import Runtime
from hookline.commands import password
from hookline.domain.access import Role
from hookline.services.clients import ClientDraft


@click.command()
@click.option("--admin", metavar="LOGIN", help="Log-in name of the first administrator.")
@click.option("--client", metavar="NAME", help="The first client: the company on whose behalf you call.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the administrator's password; without it you are asked, or one is made up and shown once.",
)
@click.option("--language", type=click.Choice(["en", "pl"]), default="en", help="The administrator's language.")
def init(admin: str | None, client: str | None, password_file: Path | None, language: str) -> None:
    """Set up an installation here: data folder, database, first administrator, first client.

    Safe to run again: what is there is left as it is, and the database is brought up to this program. The
    installation lives in HOOKLINE_HOME or the working folder.
    """
    runtime = bootstrap.build()
    try:
        runtime.migrate()
        click.echo(f"Database ready in {runtime.settings.data_dir}.")
        _first_administrator(runtime, admin, password_file, language)
        _first_client(runtime, client)
    finally:
        runtime.close()
    click.echo("Next: `hookline serve`, then log in; `hookline users add LOGIN` adds colleagues.")


def _first_administrator(runtime: Runtime, login: str | None, file: Path | None, language: str) -> None:
    present = [u for u in runtime.identity.list_users() if u.active and u.role == Role.ADMINISTRATOR]
    if present:
        click.echo(f"Administrator: {present[0].login} (was there already).")
        return
    if login is None:
        login = click.prompt("Log-in name of the administrator", default="admin") if password.interactive() else "admin"
    login = login.strip().lower()
    chosen = password.obtain(login, file)
    runtime.identity.add_user(login, login.capitalize(), chosen.value, Role.ADMINISTRATOR, language)
    click.echo(f"Administrator: {login} (added).")
    chosen.announce(login)


def _first_client(runtime: Runtime, name: str | None) -> None:
    operator = runtime.identity.system_actor()
    present = [c.name for c in runtime.clients.list_clients(operator.scope)]
    if name is None and not present and password.interactive():
        name = click.prompt("Name of the first client (Enter to leave it for later)", default="", show_default=False)
    name = (name or "").strip()
    if name in present or (present and not name):
        click.echo(f"Client: {name or present[0]} (was there already).")
    elif name:
        runtime.clients.add_client(operator, ClientDraft(name))
        click.echo(f"Client: {name} (added).")
    else:
        click.echo("Client: none yet. Add one under Administration, or run this again with --client NAME.")
