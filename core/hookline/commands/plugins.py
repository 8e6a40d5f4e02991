"""`hookline plugins`: what is installed, what to make of it, and what is enabled."""

from __future__ import annotations

from pathlib import Path

import click

from hookline.commands.plugin_checks import check
from hookline.commands.plugin_installed import require_installed
from hookline.commands.plugin_new import new
from hookline.commands.plugin_purge import purge
from hookline.commands.plugin_sets import diff, rollback, sets
from hookline.commands.plugin_switching import disable, enable
from hookline.commands.tables import table
from hookline.commands.words import error_said, language, said, said_by, say
from hookline.errors import HooklineError
from hookline.plugin_host.discovery import Discovery, discover_for
from hookline.plugin_host.states import PluginState, PluginStatus
from hookline.plugin_settings import PluginSettings, SettingView, Source
from hookline.plugin_times import times_taken
from hookline.settings import load_settings
from hookline.text import N_

_STATES = {
    PluginState.ACTIVE: N_("enabled"),
    PluginState.DISABLED: N_("disabled"),
    PluginState.UNAVAILABLE: N_("unavailable"),
    PluginState.FAILED: N_("failed"),
}


@click.group()
def plugins() -> None:
    """Plugins: what is installed and enabled, and what to know of it. Looking needs no database."""


@plugins.command("list")
def list_plugins() -> None:
    """Show every installed plugin: its name, whether it is enabled, its version, and what to do where it cannot be."""
    found = discover_for(load_settings())
    rows = [
        (s.name, said(_STATES[s.state]), s.version, _title(found, s), said(s.note_id, **s.note_params))
        for s in found.statuses.values()
    ]
    head = [said(word) for word in (N_("NAME"), N_("STATE"), N_("VERSION"), N_("TITLE"), N_("NOTE"))]
    click.echo(table(head, rows) if rows else said(N_("No plugin is installed.")))


def _title(found: Discovery, status: PluginStatus) -> str:
    manifest = found.manifests.get(status.name)
    return manifest.title_in(language()) if manifest else status.title


@plugins.command()
@click.argument("name")
def info(name: str) -> None:
    """Show what the plugin NAME says of itself, its settings (secrets masked), and how long it took in its hooks."""
    settings = load_settings()
    found = discover_for(settings)
    require_installed(found, name)
    status, manifest = found.statuses[name], found.manifests.get(name)
    click.echo(f"{_title(found, status)} ({name} {status.version}): {said(_STATES[status.state])}")
    if status.note_id:
        say(status.note_id, **status.note_params)
    if manifest is None:
        return
    if manifest.summary:
        click.echo(manifest.summary_in(language()))
    say(
        N_("Category: %(category)s. Plugin contract %(api)s; Hookline %(range)s."),
        category=manifest.category,
        api=manifest.api,
        range=manifest.core or said(N_("any")),
    )
    if manifest.modules:
        say(N_("Needs: %(modules)s (%(line)s)."), modules=", ".join(manifest.modules), line=manifest.install_line())
    if not manifest.missing_modules():
        _show_settings(PluginSettings(name, manifest.package, manifest.settings, settings))
    if status.state is PluginState.ACTIVE:
        _show_times(name, settings.data_dir)


def _show_settings(own: PluginSettings) -> None:
    try:
        views = own.views()
    except HooklineError as error:
        click.echo(f"\n{said(N_('Settings:'))} {error_said(error)}")
        return
    if not views:
        say(N_("It has no settings."))
        return
    click.echo()
    say(N_("Settings ([plugins.%(plugin)s] in hookline.toml, or the variable):"), plugin=own.plugin)
    for view in views:
        click.echo(f"  {view.name} = {_value(view)}   ({said(_SOURCES[view.source])}; {view.variable})")
        click.echo(f"      {said_by(own.package, view.description or view.title)}")


def _show_times(name: str, folder: Path) -> None:
    taken = times_taken(folder)
    rows = [row for row in taken.rows if row.plugin == name] if taken else []
    click.echo()
    if taken is None or not rows:
        say(N_("How long it took in its hooks is known once `hookline serve` has run and called them."))
        return
    say(
        N_("How long it took in its hooks, of the last calls (the server's process %(process)s, %(at)s UTC; ms):"),
        process=taken.process,
        at=f"{taken.at:%Y-%m-%d %H:%M:%S}",
    )
    head = [said(word) for word in (N_("HOOK"), N_("CALLS"), N_("P50"), N_("P95"), N_("LONGEST"))]
    figures = [(r.hook, str(r.calls), f"{r.p50_ms:.3f}", f"{r.p95_ms:.3f}", f"{r.max_ms:.3f}") for r in rows]
    click.echo(table(head, figures))


_SOURCES = {Source.DEFAULT: N_("default"), Source.FILE: "hookline.toml", Source.ENVIRONMENT: N_("environment")}


def _value(view: SettingView) -> str:
    return str(view.value) if view.value not in ("", None) else said(N_("not set"))


for _command in (new, check, enable, disable, sets, diff, rollback, purge):
    plugins.add_command(_command)
