"""`hookline plugins enable` and `disable`: checked, numbered, and followed by a running server."""

from __future__ import annotations

import time

import click

from hookline import settings_file
from hookline.bootstrap import Runtime
from hookline.commands.plugin_checks import PluginNotSound, show
from hookline.commands.plugin_installed import Opened, opened, require_installed, surroundings
from hookline.commands.words import say
from hookline.errors import Conflict
from hookline.health import Level
from hookline.plugin_changes import on
from hookline.plugin_host.checks import check_plugin
from hookline.plugin_host.discovery import deciding, discover_for
from hookline.services.release_sets import Origin, Wish
from hookline.serving import is_served
from hookline.settings import Settings, load_settings
from hookline.text import N_, Said

#: How long a running server may take to follow.
_PATIENCE_SECONDS = 30

note_option = click.option("--note", default="", help="Why: kept with the release set.")
force_option = click.option("--force", is_flag=True, help="Hang up, in order, the calls that are up over it.")


@click.command()
@click.argument("name")
@note_option
@click.pass_context
def enable(ctx: click.Context, name: str, note: str) -> None:
    """Check the plugin NAME and enable it, its migrations first. A running server takes it up without a restart."""
    settings = load_settings()
    found = discover_for(settings)
    require_installed(found, name)
    with opened(settings) as there:
        findings = check_plugin(name, surroundings(settings, there.runtime, ctx))
        show([finding for finding in findings if finding.level is not Level.OK])
        if any(finding.level is Level.PROBLEM for finding in findings):
            raise PluginNotSound(
                N_("%(plugin)s was not enabled."), N_("Mend the problems first."), params={"plugin": name}
            )
        if there.runtime is None:
            _in_file_only(deciding(settings, found, {*on(found), name}), there)
            return
        actor = there.runtime.identity.system_actor()
        number = there.runtime.plugin_changes.enable(actor, name, Wish(Origin.COMMAND, note))
        await_server(there.runtime, number, Said(N_("%(plugin)s is enabled"), {"plugin": name}))


@click.command()
@click.argument("name")
@force_option
@note_option
def disable(name: str, force: bool, note: str) -> None:
    """Disable the plugin NAME: its pages, jobs and hooks. Its data stay. Refused while calls are up over it."""
    settings = load_settings()
    found = discover_for(settings)
    require_installed(found, name)
    with opened(settings) as there:
        if there.runtime is None:
            _in_file_only(deciding(settings, found, on(found) - {name}), there)
            return
        changes = there.runtime.plugin_changes
        for campaign in changes.consequences(name).campaigns:
            say(
                N_("The running campaign “%(campaign)s” requires a policy of %(plugin)s: it stops dialling."),
                campaign=campaign,
                plugin=name,
            )
        wish = Wish(Origin.COMMAND, note, ends_calls=force)
        number = changes.disable(there.runtime.identity.system_actor(), name, wish)
        await_server(there.runtime, number, Said(N_("%(plugin)s is disabled"), {"plugin": name}))


def _in_file_only(settings: Settings, there: Opened) -> None:
    """Write the wish down where no set can be numbered: the next start does that."""
    path = settings_file.require_writable(settings.file, settings.environment)
    settings_file.write(path, settings)
    say(
        N_("Written to %(file)s. %(why)s It takes effect, with a release set, at the next start."),
        file=path.name,
        why=there.why,
    )


def await_server(runtime: Runtime, number: int, what: Said) -> None:
    """Say that it is done, once a running server has it in force. Raises Conflict where something of it failed."""
    if not is_served(runtime):
        say(N_("%(done)s (release set %(set)s); the next `hookline serve` starts so."), done=what, set=number)
        return
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (row := runtime.release_sets.get(number)).applied_at is None:
        if time.monotonic() > deadline:
            say(
                N_("%(done)s (release set %(set)s). The server waits for calls to end before it follows."),
                done=what,
                set=number,
            )
            return
        time.sleep(0.2)
    if row.problem:
        raise Conflict(
            N_("Release set %(set)s is in force, but not all of it works: %(problem)s"),
            params={"set": number, "problem": row.problem},
        )
    say(N_("%(done)s (release set %(set)s); the running server has it in force."), done=what, set=number)
