"""What an installation's settings may say: each with its help, read from `hookline.toml` and the environment."""

from __future__ import annotations

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from hookline.outbound_addresses import AllowList


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
    enabled_plugins = fields.List(
        fields.String(),
        load_default=list,
        metadata=_says(
            "Names of plugins that do not come with Hookline and are to be loaded; the others are listed, and off."
        ),
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
    plugin_errors_allowed = fields.Integer(
        load_default=20,
        validate=validate.Range(1, 10_000),
        metadata=_says("How many errors a plugin may make in its hooks and pages before it is stopped (quarantined)."),
    )
    plugin_error_window_seconds = fields.Integer(
        load_default=600,
        validate=validate.Range(10, 86_400),
        metadata=_says("Within how many seconds `plugin_errors_allowed` counts."),
    )
    plugin_load_seconds = fields.Integer(
        load_default=30,
        validate=validate.Range(1, 600),
        metadata=_says("How long a plugin may take to be loaded; one that hangs has failed, and the others start."),
    )
    recording_format = fields.String(
        load_default="flac",
        validate=validate.OneOf(["wav", "flac", "opus"]),
        metadata=_says(
            "How recordings are kept: flac (smaller, without loss), opus (smallest), or wav as they were recorded."
        ),
    )
    drain_seconds = fields.Integer(
        load_default=120,
        validate=validate.Range(0, 7200),
        metadata=_says(
            "How long `hookline serve` lets running calls finish when it is stopped; then their customers hear a"
            " message and are hung up. A second stop signal ends at once."
        ),
    )
    supervision_reason = fields.String(
        load_default="optional",
        validate=validate.OneOf(["optional", "required"]),
        metadata=_says("Whether a supervisor must say why before he listens to an agent; the reason is kept as proof."),
    )
    supervision_notice = fields.String(
        load_default="coaching",
        validate=validate.OneOf(["never", "coaching", "always"]),
        metadata=_says(
            "When agents see that a supervisor is at their line: never, while they hear him (coaching), or always."
            " That calls may be listened to must be told to everybody in advance."
        ),
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
    fail_over = fields.List(
        fields.String(validate=validate.Regexp(r"^\s*[a-z][a-z0-9_]*\s*>\s*[a-z][a-z0-9_]*\s*$")),
        load_default=list,
        metadata=_says(
            "Which telephony backend takes over running campaigns of one that cannot dial, like"
            " telephony_sip>telephony_twilio. They stay there until they are changed back."
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
