"""`hookline plugins new`: a complete plugin to begin with."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import click

from hookline.commands.words import said, say
from hookline.scaffold.naming import names_for
from hookline.scaffold.writing import write_plugin
from hookline.text import N_


@click.command("new")
@click.argument("name")
@click.option("--title", default="", help="What people call it; made from NAME where it is left out.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    help="The folder to write it to, new or empty: NAME in the working folder where it is left out.",
)
@click.pass_context
def new(ctx: click.Context, name: str, title: str, folder: Path | None) -> None:
    """Write a complete plugin called NAME, such as acme_survey: it works, is tested, and is yours to change."""
    names = names_for(name, title, _commands(ctx))
    target = folder or Path(name)
    written = write_plugin(names, target)
    say(
        N_("Wrote the plugin %(plugin)s (%(count)s files) to %(folder)s. Next:"),
        plugin=names.name,
        count=len(written),
        folder=target,
    )
    click.echo(f"  cd {target}")
    offline = said(N_("offline: %(line)s"), line="pip install --no-build-isolation --no-deps -e .")
    click.echo(f"  pip install -e . pytest    # {offline}")
    click.echo("  pytest")
    click.echo("  hookline plugins list")
    click.echo(f"  hookline plugins enable {names.name}")
    say(N_("README.md says what is in it; docs/tutorial/your-first-plugin.md builds one from it step by step."))


def _commands(ctx: click.Context) -> frozenset[str]:
    """Names of the commands that `hookline` has already."""
    root = ctx.find_root()
    own = root.command.list_commands(root) if isinstance(root.command, click.Group) else []
    return frozenset(own) | {entry.name for entry in entry_points(group="hookline.commands")}
