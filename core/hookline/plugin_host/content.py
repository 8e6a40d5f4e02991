"""What an installation is built from now, as a release set says it."""

from __future__ import annotations

import json
from typing import Any

from hookline.errors import HooklineError
from hookline.plugin_host.discovery import discover_for
from hookline.plugin_host.states import PluginState
from hookline.plugin_settings import PluginSettings, Source, is_secret
from hookline.secret_box import SecretBox
from hookline.services.release_sets import SetContent
from hookline.settings import Settings

_OUT = (PluginState.DISABLED, PluginState.UNAVAILABLE)


def content_of(settings: Settings, box: SecretBox) -> SetContent:
    """The plugins that these settings enable, with their versions and what is set of theirs.

    Imports the settings schemas of those plugins. `box` makes the secrets' fingerprints.
    """
    found = discover_for(settings)
    enabled = {name: m for name, m in found.manifests.items() if found.statuses[name].state not in _OUT}
    kept = {name: given_to(PluginSettings(name, m.package, m.settings, settings), box) for name, m in enabled.items()}
    versions = {name: m.version for name, m in enabled.items()}
    return SetContent(versions, {name: values for name, values in kept.items() if values})


def given_to(own: PluginSettings, box: SecretBox) -> dict[str, Any]:
    """A plugin's settings that were set, secrets as fingerprints; {} where they cannot be used (its state tells)."""
    try:
        schema = own.schema()
        given = own.given(schema)
    except HooklineError:
        return {}
    fields = schema.fields if schema else {}
    return {
        name: {"fingerprint": box.fingerprint(str(value))} if is_secret(fields[name]) else _plain(value)
        for name, (value, _source) in given.items()
        if name in fields
    }


def from_environment(own: PluginSettings) -> set[str]:
    """The names of a plugin's settings that the environment decides."""
    try:
        return {name for name, (_value, source) in own.given(own.schema()).items() if source is Source.ENVIRONMENT}
    except HooklineError:
        return set()


def _plain(value: Any) -> Any:
    """The value as JSON keeps it: TOML's dates and times become text."""
    return json.loads(json.dumps(value, default=str))
