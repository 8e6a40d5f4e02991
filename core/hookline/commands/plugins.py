"""`hookline plugins`: what is installed, what to make of it, and what is enabled."""

from __future__ import annotations

import click

from hookline.commands.plugin_checks import check
from hookline.commands.plugin_installed import require_installed
from hookline.commands.plugin_new import new
from hookline.commands.plugin_purge import purge
from hookline.commands.plugin_sets import diff, rollback, sets
from hookline.commands.plugin_switching import disable, enable
from hookline.commands.tables import table
from hookline.errors import HooklineError
from hookline.plugin_host.discovery import discover_for
from hookline.plugin_host.states import PluginState
from hookline.plugin_settings import PluginSettings, SettingView, Source
from hookline.settings import load_settings

_STATES = {PluginState.ACTIVE: "enabled"}


@click.group()
def plugins() -> None:
    """Plugins: what is installed and enabled, and what to know of it. Looking needs no database."""


@plugins.command("list")
def list_plugins() -> None:
    """Show every installed plugin: its name, whether it is enabled, its version, and what to do where it cannot be."""
    found = discover_for(load_settings())
    rows = [(s.name, _STATES.get(s.state, s.state.value), s.version, s.title, s.note) for s in found.statuses.values()]
    click.echo(table(("NAME", "STATE", "VERSION", "TITLE", "NOTE"), rows) if rows else "No plugin is installed.")


@plugins.command()
@click.argument("name")
def info(name: str) -> None:
    """Show what the plugin NAME says of itself, and its settings (secrets masked)."""
    settings = load_settings()
    found = discover_for(settings)
    require_installed(found, name)
    status, manifest = found.statuses[name], found.manifests.get(name)
    click.echo(f"{status.title} ({name} {status.version}): {_STATES.get(status.state, status.state.value)}")
    if status.note:
        click.echo(status.note)
    if manifest is None:
        return
    if manifest.summary:
        click.echo(manifest.summary)
    click.echo(f"Category: {manifest.category}. Plugin contract {manifest.api}; Hookline {manifest.core or 'any'}.")
    if manifest.modules:
        click.echo(f"Needs: {', '.join(manifest.modules)} ({manifest.install_line()}).")
    if not manifest.missing_modules():
        _show_settings(PluginSettings(name, manifest.package, manifest.settings, settings))


def _show_settings(own: PluginSettings) -> None:
    try:
        views = own.views()
    except HooklineError as error:
        click.echo(f"\nSettings: {error.message} {error.advice}")
        return
    if not views:
        click.echo("It has no settings.")
        return
    click.echo(f"\nSettings ([plugins.{own.plugin}] in hookline.toml, or the variable):")
    for view in views:
        click.echo(f"  {view.name} = {_value(view)}   ({_SOURCES[view.source]}; {view.variable})")
        click.echo(f"      {view.description}" if view.description else f"      {view.title}")


_SOURCES = {Source.DEFAULT: "default", Source.FILE: "hookline.toml", Source.ENVIRONMENT: "environment"}


def _value(view: SettingView) -> str:
    return str(view.value) if view.value not in ("", None) else "not set"


for _command in (new, check, enable, disable, sets, diff, rollback, purge):
    plugins.add_command(_command)
