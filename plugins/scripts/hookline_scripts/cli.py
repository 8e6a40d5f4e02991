"""`hookline scripts`: scripts from files."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

from hookline import bootstrap
from hookline.db.models import Client
from hookline.errors import InvalidInput, NotFound
from hookline.text import N_
from hookline_scripts.cli_files import check, read_file, test, walk
from hookline_scripts.service import ScriptService


@click.group()
def scripts() -> None:
    """Conversation scripts."""


for _command in (check, test, walk):
    scripts.add_command(_command)


@scripts.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--client", "client", default="", help="The client's name; without it, the script is for every client.")
@click.option("--replace", type=int, default=0, help="Number of a script that gets this text as its next version.")
def import_file(file: Path, client: str, replace: int) -> None:
    """Save the script in FILE (YAML) as a new one, or as the next version of one."""
    text = read_file(file)
    runtime = bootstrap.build()
    try:
        actor, service = runtime.identity.system_actor(), ScriptService(runtime.db)
        if replace:
            opened = service.get(actor, replace)[0].version
            version = service.change(actor, replace, text, opened)
            click.echo(f"Script {replace} has version {version} now.")
            return
        with runtime.db.read() as session:
            client_id = session.scalar(select(Client.id).where(Client.name == client)) if client else None
        if client and client_id is None:
            raise NotFound(N_("There is no such client."), N_("Check the name."))
        click.echo(f"Saved as script {service.add(actor, client_id, text)}.")
    except InvalidInput as error:
        raise InvalidInput(error.message, " ".join(t for texts in error.fields.values() for t in texts)) from error
    finally:
        runtime.close()
