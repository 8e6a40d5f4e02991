"""`hookline plugins purge`: the only way in which a plugin's data is dropped."""

from __future__ import annotations

from pathlib import Path

import click
import structlog

from hookline import bootstrap
from hookline.bootstrap import Runtime
from hookline.commands.words import said, say
from hookline.errors import Conflict, HooklineError
from hookline.plugin_host.states import PluginState
from hookline.services import purging
from hookline.text import N_

log = structlog.get_logger(__name__)


@click.command()
@click.argument("name")
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="A new folder for the export; without it, purged/NAME-… in the data folder.",
)
@click.option("--confirm", metavar="NAME", help="The plugin's name once more, instead of being asked to type it.")
def purge(name: str, folder: Path | None, confirm: str | None) -> None:
    """Drop every table of the plugin NAME, after writing what is in them into files.

    For a plugin that is disabled, or whose package is gone. There is no way back but the export.
    """
    runtime = bootstrap.build()
    try:
        _require_out_of_use(runtime, name)
        engine, installed = runtime.db.engine, runtime.host.manifests
        found = purging.contents(engine, name, installed)
        say(N_("These tables of %(plugin)s are going to be dropped, with so many rows:"), plugin=name)
        for table in found:
            click.echo(f"  {table.name}: {table.rows}")
        _require_confirmed(name, confirm)
        target = folder or _new_folder(runtime, name)
        purging.export(engine, name, installed, _unused(target))
        say(
            N_("Exported to %(folder)s. It may hold personal data: keep it as safe as the database, or delete it."),
            folder=target,
        )
        dropped = purging.drop(engine, name, installed)
        log.warning("plugin purged", plugin=name, tables=dropped)
        say(N_("Dropped tables of %(plugin)s: %(count)s."), plugin=name, count=len(dropped))
    finally:
        runtime.close()


def _require_out_of_use(runtime: Runtime, name: str) -> None:
    if name == "core":
        raise HooklineError(N_("Core's tables are the installation itself; they cannot be purged."))
    status = runtime.host.statuses.get(name)
    if status is not None and status.state is not PluginState.DISABLED:
        raise Conflict(
            N_("The plugin %(name)s is enabled."),
            N_("Disable it first: hookline plugins disable %(name)s"),
            params={"name": name},
        )


def _require_confirmed(name: str, confirm: str | None) -> None:
    typed = confirm if confirm is not None else click.prompt(said(N_("Type %(plugin)s to drop them"), plugin=name))
    if typed.strip() != name:
        raise Conflict(N_("That is not the plugin's name: nothing was dropped."))


def _new_folder(runtime: Runtime, name: str) -> Path:
    return runtime.settings.data_dir / "purged" / f"{name}-{runtime.clock.now():%Y%m%d-%H%M%S}"


def _unused(folder: Path) -> Path:
    if folder.exists():
        raise Conflict(
            N_("The folder %(folder)s is there already: nothing was dropped."),
            N_("Name a new one: --export FOLDER"),
            params={"folder": folder},
        )
    return folder
