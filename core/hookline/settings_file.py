"""Changes `hookline.toml`, its comments and order kept. What is written takes effect where a server watches it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from hookline.errors import HooklineError
from hookline.settings import BadSettings, Settings
from hookline.text import N_

VARIABLES = ("HOOKLINE_DISABLED_PLUGINS", "HOOKLINE_ENABLED_PLUGINS")


class SettingsNotWritable(HooklineError):
    """The settings file cannot be changed from here."""

    id = "settings-not-writable"
    status = 409


def require_writable(path: Path | None, environment: Mapping[str, str]) -> Path:
    """The file in which enabled plugins are decided; SettingsNotWritable where that is decided elsewhere."""
    if path is None:
        raise SettingsNotWritable(
            N_("This installation has no settings file."),
            N_("Start it with `hookline serve`, in its folder or with HOOKLINE_HOME."),
        )
    for variable in VARIABLES:
        if variable in environment:
            raise SettingsNotWritable(
                N_("The variable %(variable)s decides which plugins are enabled, and it wins over hookline.toml."),
                N_("Change it where it is set and start again, or take it away there."),
                params={"variable": variable},
            )
    return path


def write(path: Path, wanted: Settings, tables: Mapping[str, Mapping[str, Any]] | None = None) -> None:
    """Write which plugins are enabled and, where `tables` are given, those plugins' own tables (empty: taken out).

    The file is replaced whole, so that nobody ever reads half of it. Raises BadSettings, SettingsNotWritable.
    """
    document = _read(path)
    _set_names(document, "disabled_plugins", wanted.disabled_plugins)
    _set_names(document, "enabled_plugins", wanted.enabled_plugins)
    for name, table in (tables or {}).items():
        _set_table(document, name, table)
    _replace(path, tomlkit.dumps(document))


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise BadSettings(
            N_("%(file)s cannot be read: %(error)s."),
            N_("Mend the line it names."),
            params={"file": path.name, "error": str(error)},
        ) from error


def _set_names(document: tomlkit.TOMLDocument, key: str, names: Collection[str]) -> None:
    present = document.get(key)
    if not isinstance(present, Array):
        if names:
            document[key] = list(names)
        return
    for name in [n for n in present if n not in names]:
        present.remove(name)
    for name in names:
        if name not in present:
            present.append(name)


def _set_table(document: tomlkit.TOMLDocument, name: str, wanted: Mapping[str, Any]) -> None:
    plugins = document.get("plugins")
    if not isinstance(plugins, MutableMapping):
        if not wanted:
            return
        plugins = tomlkit.table(is_super_table=True)
        document["plugins"] = plugins
    own = plugins.get(name)
    if own is None:
        if not wanted:
            return
        own = plugins[name] = tomlkit.table()
    for key in [key for key in own if key not in wanted]:
        del own[key]
    for key, value in wanted.items():
        if own.get(key) != value:
            own[key] = value


def _replace(path: Path, text: str) -> None:
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(mode)
        Path(draft).replace(path)
    except OSError as error:
        raise SettingsNotWritable(
            N_("%(file)s cannot be written (%(error)s)."),
            N_("Check who owns it and its folder: %(folder)s"),
            params={"file": path.name, "error": type(error).__name__, "folder": path.parent},
        ) from error
