"""`hookline plugins check`: what is to be known before a plugin is enabled."""

from __future__ import annotations

import click

from hookline.commands.plugin_installed import opened, require_installed, surroundings
from hookline.commands.words import language, said
from hookline.errors import HooklineError
from hookline.health import Finding, Level
from hookline.plugin_host.checks import check_plugin
from hookline.plugin_host.discovery import discover_for
from hookline.plugin_host.quality import assess_installed
from hookline.settings import load_settings
from hookline.text import N_

_MARKS = {
    Level.OK: (N_("ok"), "green"),
    Level.WARNING: (N_("warning"), "yellow"),
    Level.PROBLEM: (N_("problem"), "red"),
}


class PluginNotSound(HooklineError):
    """A plugin should not be enabled as it is."""

    id = "plugin-not-sound"


@click.command()
@click.argument("name", required=False)
@click.option("--quality", is_flag=True, help="Evaluate the quality checklist as well: bronze, silver or gold.")
@click.pass_context
def check(ctx: click.Context, name: str | None, quality: bool) -> None:
    """Check the plugin NAME, or every installed one, before it is enabled.

    It is tried in a process of its own, on a throw-away database: hooks that this Hookline does not have, parameters
    that they do not take, versions, missing extras, settings, migrations, tables, names that are taken; and what it
    will be permitted and know about people. Ends with an error where there is a problem.
    """
    settings = load_settings()
    found = discover_for(settings)
    if name is not None:
        require_installed(found, name)
    problems = 0
    with opened(settings) as there:
        around = surroundings(settings, there.runtime, ctx)
        for each in [name] if name else sorted(found.statuses):
            manifest = found.manifests.get(each)
            title = manifest.title_in(language()) if manifest else found.statuses[each].title
            click.echo(click.style(f"{title} ({each})", bold=True))
            findings = check_plugin(each, around)
            if quality and manifest:
                findings += assess_installed(manifest).findings()
            show(findings)
            problems += sum(finding.level is Level.PROBLEM for finding in findings)
    if problems:
        raise PluginNotSound(N_("Problems: %(count)s."), N_("Mend the first one first."), params={"count": problems})


def show(findings: list[Finding]) -> None:
    """Print what was found, each with what to do."""
    for finding in findings:
        mark, colour = _MARKS[finding.level]
        click.echo(f"  {click.style(said(mark).ljust(11), fg=colour)} {said(finding.message_id, **finding.params)}")
        if finding.advice_id:
            click.echo(f"              → {said(finding.advice_id, **finding.params)}")
