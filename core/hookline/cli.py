"""The `hookline` command. Other packages add their groups by the entry-point group `hookline.commands`."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, entry_points

import click

from hookline import __version__, logs
from hookline.commands.campaigns import campaigns
from hookline.commands.contacts import contacts
from hookline.commands.data import data
from hookline.commands.db import db
from hookline.commands.doctor import doctor
from hookline.commands.explain import explain
from hookline.commands.imports import imports
from hookline.commands.install import init
from hookline.commands.mail import mail
from hookline.commands.plugins import plugins
from hookline.commands.recordings import recordings
from hookline.commands.results import results
from hookline.commands.suppression import suppression
from hookline.commands.users import users
from hookline.commands.webhooks import webhooks
from hookline.commands.words import error_said
from hookline.errors import HooklineError
from hookline.plugin_host.discovery import GROUP, is_off
from hookline.plugin_host.workers import Workers
from hookline.settings import BadSettings, load_settings

#: A package that hangs while it is imported keeps `--help` waiting no longer.
_LOAD_SECONDS = 10


class _Commands(click.Group):
    """Core's commands and the installed ones; a command that cannot be imported costs only itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        return sorted({*super().list_commands(ctx), *(e.name for e in entry_points(group="hookline.commands"))})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command by name, imported only when it is asked for."""
        own = super().get_command(ctx, name)
        if own is not None:
            return own
        for entry in entry_points(group="hookline.commands", name=name):
            if plugin := _disabled_owner(entry):
                return _of_disabled(name, plugin)
            try:
                loaded: click.Command = Workers("commands").within(_LOAD_SECONDS, entry.load)
            except Exception as error:
                return _unavailable(name, error)
            return loaded
        return None


def _disabled_owner(entry: EntryPoint) -> str | None:
    """The disabled plugin that a command belongs to: it is not imported, not even to describe its command."""
    try:
        settings = load_settings()
    except BadSettings:
        return None  # what is run says what is wrong with them
    package = entry.value.partition(":")[0].split(".")[0]
    owners = (e for e in entry_points(group=GROUP) if e.value.split(".")[0] == package)
    return next((owner.name for owner in owners if is_off(owner, settings)), None)


class CommandUnavailable(HooklineError):
    """A command's package, or something it needs, cannot be imported."""

    id = "command-unavailable"


def _unavailable(name: str, error: Exception) -> click.Command:
    """Stand in for a command that cannot be imported: listed as such, and saying why when it is run."""

    refusal = CommandUnavailable(
        f"The command {name} cannot be used here: {error}.",
        "Install what it needs: pip install 'hookline[all]' brings everything.",
    )
    return _stand_in(name, refusal, "Not available: something it needs is not installed.")


def _of_disabled(name: str, plugin: str) -> click.Command:
    refusal = CommandUnavailable(
        f"The command {name} belongs to the plugin {plugin}, which is disabled.",
        f"Enable it: hookline plugins enable {plugin}",
    )
    return _stand_in(name, refusal, f"Not available: its plugin {plugin} is disabled.")


def _stand_in(name: str, refusal: CommandUnavailable, help_text: str) -> click.Command:
    def refuse(arguments: tuple[str, ...]) -> None:
        raise refusal

    return click.Command(
        name,
        callback=refuse,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        help=help_text,
        context_settings={"ignore_unknown_options": True},
    )


@click.group(cls=_Commands)
@click.version_option(__version__)
def cli() -> None:
    """Hookline: a plugin-based CRM framework for call centres."""
    try:
        settings = load_settings()
    except BadSettings:
        logs.configure("warning")  # the command itself says what is wrong
    else:
        # A command's own words are what its user reads; `serve` logs all that the settings ask for.
        logs.configure("error" if settings.log_level == "error" else "warning", settings.log_format)


cli.add_command(campaigns)
cli.add_command(contacts)
cli.add_command(data)
cli.add_command(db)
cli.add_command(doctor)
cli.add_command(explain)
cli.add_command(imports)
cli.add_command(init)
cli.add_command(plugins)
cli.add_command(recordings)
cli.add_command(mail)
cli.add_command(results)
cli.add_command(suppression)
cli.add_command(users)
cli.add_command(webhooks)


def main() -> None:
    """Run the command; an error meant for a person is printed without a traceback."""
    try:
        cli(standalone_mode=False)
    except HooklineError as error:
        click.echo(error_said(error), err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
