"""What pages say of a plugin: its title in the person's language, what it adds, what checking it brought."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask

from hookline.cli import cli
from hookline.contributions import Permission
from hookline.db import migrate
from hookline.health import Finding, Level
from hookline.plugin_host.checks import Surroundings, check_plugin
from hookline.plugin_host.discovery import discover_for
from hookline.plugin_host.in_use import names_in_use
from hookline.plugin_host.probe import NAMED
from hookline_web.context import Shell, runtime, shell
from hookline_web.i18n import current_language


def install(app: Flask) -> None:
    """Give templates `plugin_title(name)` and `plugin_summary(name)`."""
    app.jinja_env.globals.update(plugin_title=plugin_title, plugin_summary=plugin_summary)


def plugin_title(name: str) -> str:
    """An installed plugin's title in the language of this request; its name where it says none."""
    manifest = runtime().host.manifests.get(name)
    return manifest.title_in(current_language()) if manifest else name


def plugin_summary(name: str) -> str:
    """What an installed plugin does, in the language of this request."""
    manifest = runtime().host.manifests.get(name)
    return manifest.summary_in(current_language()) if manifest else ""


@dataclass
class Additions:
    """What a loaded plugin adds; titles are message ids."""

    permissions: list[Permission] = field(default_factory=list)
    pages: list[tuple[str, str]] = field(default_factory=list)  # title, endpoint
    panels: list[tuple[str, str]] = field(default_factory=list)  # title, slot
    names: dict[str, list[str]] = field(default_factory=dict)  # kind -> names
    hooks: list[str] = field(default_factory=list)


def additions_of(name: str) -> Additions:
    """What a plugin adds to the installation; empty where it is not loaded."""
    host, here = runtime().host, shell()
    found = Additions(hooks=host.hooks_of(name))
    found.pages = [(i.title, i.endpoint) for i in here.navigation if i.endpoint.startswith(f"{name}.")]
    found.panels = [(o.value.title, o.value.slot) for o in here.panels if o.plugin == name]
    for hook, what in NAMED.items():
        own = [owned.value for owned in host.contributed(hook) if owned.plugin == name]
        if what == "permission":
            found.permissions = own
        elif own:
            found.names[what] = [str(thing.name) for thing in own]
    return found


def checked(name: str) -> list[Finding]:
    """Check a plugin now, in a process of its own; problems first."""
    installation = runtime()
    wanted = installation.plugin_changes.wanted()
    jobs = [job.name for job in installation.scheduler.jobs.values() if job.owner == "core"]
    around = Surroundings(
        wanted,
        discover_for(wanted),
        names_in_use(installation.host, jobs),
        cli.commands,
        lambda m: m.name in migrate.pending(installation.db.engine, {m.name: m.package}),
    )
    return check_plugin(name, around)


def is_sound(findings: list[Finding]) -> bool:
    """Whether nothing speaks against enabling it."""
    return not any(finding.level is Level.PROBLEM for finding in findings)


def follow(here: Shell) -> bool:
    """Have a change in force before the next page; False where calls end first, or this process follows no file."""
    return here.live is not None and here.live.look()
