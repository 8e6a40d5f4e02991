"""Settings of an installation: from `hookline.toml`, overridden by HOOKLINE_… environment variables."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from hookline.errors import HooklineError
from hookline.settings_schema import SettingsSchema
from hookline.text import N_

FILE_NAME = "hookline.toml"
PREFIX = "HOOKLINE_"
_LISTS = ("disabled_plugins", "enabled_plugins", "webhook_allowed_hosts", "fail_over")


class BadSettings(HooklineError):
    """The settings file or an environment variable cannot be used."""

    id = "bad-settings"


@dataclass(frozen=True)
class Settings:
    """One installation's settings. Paths are absolute; `plugins` holds each plugin's own table, as it is written."""

    data_dir: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8000
    disabled_plugins: tuple[str, ...] = ()
    enabled_plugins: tuple[str, ...] = ()
    plugin_errors_allowed: int = 20
    plugin_error_window_seconds: int = 600
    plugin_load_seconds: int = 30
    browser_grace_seconds: int = 60
    session_hours: int = 12
    behind_proxy: bool = False
    api_requests_per_minute: int = 600
    recording_store: str = ""
    recording_store_endpoint: str = ""
    recording_store_region: str = ""
    recording_format: str = "flac"
    drain_seconds: int = 120
    supervision_reason: str = "optional"
    supervision_notice: str = "coaching"
    webhook_allowed_hosts: tuple[str, ...] = ()
    fail_over: tuple[str, ...] = ()
    mail_host: str = ""
    mail_port: int = 587
    mail_security: str = "starttls"
    mail_username: str = ""
    mail_sender: str = ""
    #: Only from HOOKLINE_MAIL_PASSWORD or the file that HOOKLINE_MAIL_PASSWORD_FILE names: a settings file is copied
    #: and committed.
    mail_password: str = field(default="", repr=False)
    log_level: str = "info"
    log_format: str = "auto"
    plugins: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    #: The file these settings come from, which enabling a plugin changes; None where they were made in a program.
    file: Path | None = None
    #: The environment's HOOKLINE_… variables: plugins' settings may be in them, and secrets are.
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def recordings_dir(self) -> Path:
        """Where recordings are kept."""
        return self.data_dir / "recordings"

    @property
    def prompts_dir(self) -> Path:
        """Where prompts are kept."""
        return self.data_dir / "prompts"

    @property
    def uploads_dir(self) -> Path:
        """Where uploads wait for their import."""
        return self.data_dir / "uploads"


def load_settings(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read `hookline.toml` in `folder` (default: HOOKLINE_HOME or the working folder), then the environment.

    Raises `BadSettings` with the setting's name. Nothing has to be set: the default is SQLite below ./var.
    """
    env = os.environ if environ is None else environ
    home = (folder or Path(env.get("HOOKLINE_HOME", "."))).resolve()
    data = read_file(home / FILE_NAME)
    for name in SettingsSchema().fields:
        if (value := from_environment(f"{PREFIX}{name.upper()}", env)) is not None and name != "plugins":
            data[name] = value.split(",") if name in _LISTS else value
    loaded = _loaded(data)
    data_dir = (home / loaded.pop("data_dir")).resolve()
    url = _with_driver(loaded.pop("database_url")) or f"sqlite:///{data_dir / 'hookline.db'}"
    for name in _LISTS:
        loaded[name] = tuple(entry for entry in loaded[name] if entry)
    return Settings(
        data_dir=data_dir,
        database_url=url,
        mail_password=from_environment("HOOKLINE_MAIL_PASSWORD", env) or "",
        file=home / FILE_NAME,
        environment={name: value for name, value in env.items() if name.startswith(PREFIX)},
        **loaded,
    )


def read_file(path: Path) -> dict[str, Any]:
    """What `hookline.toml` says; nothing where there is none. Raises BadSettings."""
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(
            N_("%(file)s cannot be read: %(error)s."),
            N_("Mend the line it names."),
            params={"file": path.name, "error": str(error)},
        ) from error


def from_environment(variable: str, environ: Mapping[str, str]) -> str | None:
    """The variable's value, or the text of the file that `<variable>_FILE` names; None where neither is set.

    Raises BadSettings where that file cannot be read.
    """
    if (value := environ.get(variable)) is not None:
        return value
    if (path := environ.get(f"{variable}_FILE")) is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(
            N_("The file named by %(variable)s cannot be read (%(error)s)."),
            N_("Check the path, and that the user who runs Hookline may read it."),
            params={"variable": f"{variable}_FILE", "error": type(error).__name__},
        ) from error


def _loaded(data: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = SettingsSchema().load(data)
    except ValidationError as error:
        raise BadSettings(
            N_("Settings cannot be used: %(wrong)s."),
            N_("See docs/reference/settings.md."),
            params={"wrong": str(error.messages)},
        ) from error
    return loaded


def _with_driver(url: str) -> str:
    """Name the driver in a PostgreSQL URL, which people and hosts write without."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in ("postgresql", "postgres") else url
