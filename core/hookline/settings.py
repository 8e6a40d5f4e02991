"""Settings of an installation: from `hookline.toml`, overridden by HOOKLINE_… environment variables."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from hookline.errors import HooklineError
from hookline.outbound_addresses import AllowList

_LISTS = ("disabled_plugins", "webhook_allowed_hosts")


class BadSettings(HooklineError):
    """The settings file or an environment variable cannot be used."""

    id = "bad-settings"


@dataclass(frozen=True)
class Settings:
    """One installation's settings. Paths are absolute; `plugins` holds each plugin's own table."""

    data_dir: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8000
    disabled_plugins: tuple[str, ...] = ()
    browser_grace_seconds: int = 60
    session_hours: int = 12
    behind_proxy: bool = False
    api_requests_per_minute: int = 600
    recording_store: str = ""
    recording_store_endpoint: str = ""
    recording_store_region: str = ""
    webhook_allowed_hosts: tuple[str, ...] = ()
    mail_host: str = ""
    mail_port: int = 587
    mail_security: str = "starttls"
    mail_username: str = ""
    mail_sender: str = ""
    #: Only from the environment (HOOKLINE_MAIL_PASSWORD): a file with it would be copied and committed.
    mail_password: str = field(default="", repr=False)
    log_level: str = "info"
    log_format: str = "auto"
    plugins: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def recordings_dir(self) -> Path:
        """Where recordings are kept."""
        return self.data_dir / "recordings"

    @property
    def uploads_dir(self) -> Path:
        """Where uploads wait for their import."""
        return self.data_dir / "uploads"


def _says(description: str) -> dict[str, str]:
    return {"description": description}


def _known_hosts(entries: list[str]) -> None:
    try:
        AllowList(entries)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class SettingsSchema(Schema):
    """What `hookline.toml` may say; docs/reference/settings.md is made from it."""

    class Meta:
        unknown = RAISE

    data_dir = fields.String(
        load_default="var", metadata=_says("Folder of the database, recordings and uploads; relative to hookline.toml.")
    )
    database_url = fields.String(
        load_default="",
        metadata=_says(
            "URL of the database, like postgresql://user:password@host/hookline. Empty: SQLite in the data folder."
        ),
    )
    host = fields.String(load_default="127.0.0.1", metadata=_says("Address on which `hookline serve` listens."))
    port = fields.Integer(
        load_default=8000,
        validate=validate.Range(1, 65535),
        metadata=_says("Port on which `hookline serve` listens."),
    )
    disabled_plugins = fields.List(
        fields.String(), load_default=list, metadata=_says("Names of installed plugins that are not to be loaded.")
    )
    browser_grace_seconds = fields.Integer(
        load_default=60,
        validate=validate.Range(10, 3600),
        metadata=_says("How long an agent's browser may be gone before the agent is set offline."),
    )
    session_hours = fields.Integer(
        load_default=12, validate=validate.Range(1, 24), metadata=_says("After how many hours a log-in expires.")
    )
    behind_proxy = fields.Boolean(
        load_default=False,
        metadata=_says(
            "Whether a web server with TLS stands before it, and alone reaches it: its X-Forwarded-… headers are then"
            " believed, and the session cookie is sent over HTTPS only."
        ),
    )
    api_requests_per_minute = fields.Integer(
        load_default=600,
        validate=validate.Range(1, 100_000),
        metadata=_says("How many requests a minute each token of the JSON API may make."),
    )
    recording_store = fields.String(
        load_default="",
        validate=validate.Regexp(r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.+=@/-]*)?)?$"),
        metadata=_says(
            "Where recordings end up: s3://bucket/prefix (extra `s3`; credentials from the environment, as boto reads"
            " them). Empty: the folder `recordings` in the data folder."
        ),
    )
    recording_store_endpoint = fields.String(
        load_default="",
        validate=validate.Regexp(r"^(https?://[^\s/?#]+/?)?$"),
        metadata=_says("Address of an S3-compatible server of another maker, like https://s3.example.com."),
    )
    recording_store_region = fields.String(load_default="", metadata=_says("Region of the S3 bucket."))
    webhook_allowed_hosts = fields.List(
        fields.String(),
        load_default=list,
        validate=_known_hosts,
        metadata=_says(
            "Integrators' own hosts that webhooks may be sent to although they are private or have no TLS: a host,"
            " host:port, or a network like 10.1.0.0/16."
        ),
    )
    mail_host = fields.String(
        load_default="", metadata=_says("The mail server (SMTP). Empty: mail is not set up, and what is queued waits.")
    )
    mail_port = fields.Integer(
        load_default=587, validate=validate.Range(1, 65535), metadata=_says("Port of the mail server.")
    )
    mail_security = fields.String(
        load_default="starttls",
        validate=validate.OneOf(["starttls", "tls", "none"]),
        metadata=_says("How the way to the mail server is protected: starttls, tls (usual on port 465) or none."),
    )
    mail_username = fields.String(
        load_default="",
        metadata=_says(
            "Log-in at the mail server, where it wants one. The password comes from the environment only:"
            " `HOOKLINE_MAIL_PASSWORD`."
        ),
    )
    mail_sender = fields.String(
        load_default="", metadata=_says("Whom mails come from, like `Hookline <no-reply@example.com>`.")
    )
    log_level = fields.String(
        load_default="info",
        validate=validate.OneOf(["debug", "info", "warning", "error"]),
        metadata=_says("From which level on things are logged: debug, info, warning or error."),
    )
    log_format = fields.String(
        load_default="auto",
        validate=validate.OneOf(["auto", "json", "console"]),
        metadata=_says(
            "json: one object a line; console: for people; auto: console on a terminal, else json."
            " HOOKLINE_LOG=json does the same."
        ),
    )
    plugins = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(),
        load_default=dict,
        metadata=_says("A table for each plugin, `[plugins.<name>]`: see the plugin's README."),
    )


def load_settings(folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read `hookline.toml` in `folder` (default: HOOKLINE_HOME or the working folder), then the environment.

    Raises `BadSettings` with the setting's name. Nothing has to be set: the default is SQLite below ./var.
    """
    env = os.environ if environ is None else environ
    home = (folder or Path(env.get("HOOKLINE_HOME", "."))).resolve()
    data: dict[str, Any] = {}
    path = home / "hookline.toml"
    if path.exists():
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSettings(f"{path.name} cannot be read: {error}.", "Mend the line it names.") from error
    for name in SettingsSchema().fields:
        if (value := env.get(f"HOOKLINE_{name.upper()}")) is not None and name != "plugins":
            data[name] = value.split(",") if name in _LISTS else value
    try:
        loaded = SettingsSchema().load(data)
    except ValidationError as error:
        raise BadSettings(f"Settings cannot be used: {error.messages}.", "See docs/reference/settings.md.") from error
    data_dir = (home / loaded.pop("data_dir")).resolve()
    url = _with_driver(loaded.pop("database_url")) or f"sqlite:///{data_dir / 'hookline.db'}"
    for name in _LISTS:
        loaded[name] = tuple(entry for entry in loaded[name] if entry)
    password = env.get("HOOKLINE_MAIL_PASSWORD", "")
    return Settings(data_dir=data_dir, database_url=url, mail_password=password, **loaded)


def _with_driver(url: str) -> str:
    """Name the driver in a PostgreSQL URL, which people and hosts write without."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in ("postgresql", "postgres") else url
