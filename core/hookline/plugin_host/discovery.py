"""Finds installed plugins by their entry points and reads their manifests. Imports none of them, asks no database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from itertools import groupby

from hookline import PLUGIN_API_VERSION, __version__
from hookline.plugin_host.contract import version_note
from hookline.plugin_host.manifest import BadManifest, Manifest, is_bundled, read_manifest
from hookline.plugin_host.states import PluginState, PluginStatus
from hookline.settings import Settings
from hookline.text import N_

GROUP = "hookline.plugins"


@dataclass
class Discovery:
    """What is installed: manifests that could be read, and how every plugin stands."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    statuses: dict[str, PluginStatus] = field(default_factory=dict)


def discover(disabled: Collection[str] = (), enabled: Collection[str] | None = None) -> Discovery:
    """Look at every installed plugin, in alphabetical order.

    Those named in `disabled` stay out, and so do those that do not come with Hookline and are not named in `enabled`;
    None stands for all of them.
    """
    found = Discovery()
    for _name, entries in groupby(sorted(entry_points(group=GROUP), key=lambda e: e.name), key=lambda e: e.name):
        _look_at(list(entries), disabled, enabled, found)
    return found


def discover_for(settings: Settings) -> Discovery:
    """Look at every installed plugin, as these settings have it."""
    return discover(settings.disabled_plugins, settings.enabled_plugins)


def is_off(entry: EntryPoint, settings: Settings) -> bool:
    """Whether these settings keep a plugin out; for those who must not even read its manifest."""
    unasked = not is_bundled(entry) and entry.name not in settings.enabled_plugins
    return entry.name in settings.disabled_plugins or unasked


def deciding(settings: Settings, found: Discovery, on: Collection[str]) -> Settings:
    """These settings with just the plugins named in `on` enabled, of those that are installed."""
    own = {name for name, manifest in found.manifests.items() if manifest.bundled}
    away = {name for name in settings.disabled_plugins if name not in found.manifests}
    kept = {name for name in settings.disabled_plugins if name not in on}
    strangers = {name for name in settings.enabled_plugins if name not in found.manifests}
    return replace(
        settings,
        disabled_plugins=tuple(sorted(away | kept | (own - set(on)))),
        enabled_plugins=tuple(sorted(strangers | {name for name in on if name not in own})),
    )


def _look_at(
    entries: list[EntryPoint], disabled: Collection[str], enabled: Collection[str] | None, found: Discovery
) -> None:
    entry = entries[0]
    try:
        _refuse_rivals(entries)
        manifest = read_manifest(entry)
    except BadManifest as error:
        status = PluginStatus(entry.name, entry.name, "?", PluginState.FAILED, error.message_id, error.params)
        found.statuses[entry.name] = status
        return
    status = PluginStatus(manifest.name, manifest.title, manifest.version, PluginState.ACTIVE)
    found.manifests[manifest.name] = manifest
    found.statuses[manifest.name] = status
    if manifest.name in disabled:
        status.stand(PluginState.DISABLED)
    elif not manifest.bundled and enabled is not None and manifest.name not in enabled:
        status.stand(PluginState.DISABLED, N_("It does not come with Hookline, so it is off until it is enabled."))
    else:
        take_stock(manifest, status)


def _refuse_rivals(entries: list[EntryPoint]) -> None:
    """Raise BadManifest where several distributions bring different plugins of one name: none is guessed at."""
    if len({entry.value for entry in entries}) > 1:
        packages = sorted(entry.dist.name if entry.dist else entry.value for entry in entries)
        raise BadManifest(
            N_("Several installed packages bring a plugin %(name)s (%(packages)s). Uninstall all but one."),
            params={"name": entries[0].name, "packages": ", ".join(packages)},
        )


def take_stock(manifest: Manifest, status: PluginStatus) -> None:
    """Say whether the plugin can be loaded here: its contract, its core range, what it needs installed."""
    if missing := manifest.missing_modules():
        status.stand(
            PluginState.UNAVAILABLE,
            N_("Needs %(modules)s: %(line)s"),
            modules=", ".join(missing),
            line=manifest.install_line(),
        )
    elif note := version_note(manifest.api):
        status.stand(PluginState.FAILED, note, wanted=manifest.api, here=PLUGIN_API_VERSION)
    elif not manifest.fits(__version__):
        status.stand(
            PluginState.FAILED,
            N_("Made for Hookline %(range)s; this is %(here)s. Install a version of the plugin that fits."),
            range=manifest.core,
            here=__version__,
        )
    else:
        status.stand(PluginState.ACTIVE)
