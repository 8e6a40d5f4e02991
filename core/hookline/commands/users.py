"""`hookline users`: people who log in, for whoever runs the installation."""

from __future__ import annotations

from pathlib import Path

import click

from hookline.bootstrap import Runtime
from hookline.commands import password
from hookline.commands.installation import installation
from hookline.db.models import User
from hookline.domain.access import Role
from hookline.errors import InvalidInput, NotFound
from hookline.services.mail.addresses import is_address

_password_file = click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the password; without it you are asked, or one is made up and shown once.",
)


@click.group()
def users() -> None:
    """People who log in. They are deactivated, never deleted: statistics stay."""


@users.command("add")
@click.argument("login")
@click.option("--name", help="The name shown to others; the log-in name without it.")
@click.option("--role", type=click.Choice([r.value for r in Role]), default=Role.AGENT.value, show_default=True)
@click.option("--language", type=click.Choice(["en", "pl"]), default="en", show_default=True)
@click.option("--client", "clients", multiple=True, metavar="NAME", help="A client whose data a supervisor reaches.")
@click.option("--email", default="", help="Where Hookline writes to, when an import has ended or something fails.")
@_password_file
def add(
    login: str,
    name: str | None,
    role: str,
    language: str,
    clients: tuple[str, ...],
    email: str,
    password_file: Path | None,
) -> None:
    """Add the user LOGIN. Agents get their campaigns afterwards, on the campaign's page."""
    login = login.strip().lower()
    with installation() as runtime:
        ids = [_client_id(runtime, client) for client in clients]
        if email and not is_address(email):
            raise InvalidInput(f"{email} is not an e-mail address.", "Write it like name@example.com.")
        chosen = password.obtain(login, password_file)
        runtime.identity.add_user(login, name or login, chosen.value, Role(role), language, ids, email)
    click.echo(f"Added {login} ({role}).")
    chosen.announce(login)


@users.command("list")
def list_users() -> None:
    """List everybody: log-in name, role, name, and who is deactivated."""
    with installation() as runtime:
        everybody = runtime.identity.list_users()
    width = max((len(u.login) for u in everybody), default=0)
    for user in everybody:
        standing = "" if user.active else "  (deactivated)"
        click.echo(f"{user.login:<{width}}  {user.role:<13}  {user.display_name}{standing}")


@users.command("deactivate")
@click.argument("login")
def deactivate(login: str) -> None:
    """Deactivate the user LOGIN: open sessions end at once, everything they did stays."""
    with installation() as runtime:
        runtime.identity.set_active(_user(runtime, login).id, False)
    click.echo(f"Deactivated {login}.")


@users.command("set-password")
@click.argument("login")
@_password_file
def set_password(login: str, password_file: Path | None) -> None:
    """Give the user LOGIN a new password; open sessions end."""
    with installation() as runtime:
        user = _user(runtime, login)
        chosen = password.obtain(user.login, password_file)
        runtime.identity.set_password(user.id, chosen.value)
    click.echo(f"Changed the password of {login}.")
    chosen.announce(login)


def _user(runtime: Runtime, login: str) -> User:
    wanted = login.strip().lower()
    for user in runtime.identity.list_users():
        if user.login == wanted:
            return user
    raise NotFound(f"There is no user {login}.", "`hookline users list` shows everybody.")


def _client_id(runtime: Runtime, name: str) -> int:
    known = runtime.clients.list_clients(runtime.identity.system_actor().scope)
    for client in known:
        if client.name == name:
            return client.id
    raise NotFound(f"There is no client {name}.", f"Clients: {', '.join(c.name for c in known) or 'none yet'}.")
