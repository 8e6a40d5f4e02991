"""Finds installed plugins by their entry points and reads their manifests. Imports none of them, asks no database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from itertools import groupby

from hookline import PLUGIN_API_VERSION, __version__
from hookline.plugin_host.contract import version_note
from hookline.plugin_host.manifest import BadManifest, Manifest, read_manifest
from hookline.plugin_host.states import PluginState, PluginStatus
from hookline.text import N_

GROUP = "hookline.plugins"


@dataclass
class Discovery:
    """What is installed: manifests that could be read, and how every plugin stands."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    statuses: dict[str, PluginStatus] = field(default_factory=dict)


def discover(disabled: Collection[str] = ()) -> Discovery:
    """Look at every installed plugin, in alphabetical order; those named in `disabled` stay out."""
    found = Discovery()
    for _name, entries in groupby(sorted(entry_points(group=GROUP), key=lambda e: e.name), key=lambda e: e.name):
        _look_at(list(entries), disabled, found)
    return found


def _look_at(entries: list[EntryPoint], disabled: Collection[str], found: Discovery) -> None:
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
