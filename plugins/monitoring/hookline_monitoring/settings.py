"""The plugin's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import Schema, ValidationError, fields, post_load, validate

from hookline.plugin_settings import says
from hookline.text import N_


def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValidationError(N_("There is no such time zone; write an IANA name, such as Europe/Warsaw.")) from None


@dataclass(frozen=True)
class MonitoringSettings:
    """`time_zone` says when a supervisor's day begins; states longer than the limits are marked."""

    time_zone: str = "Europe/Warsaw"
    long_pause_seconds: int = 900
    long_wrap_up_seconds: int = 180


class SettingsSchema(Schema):
    """What `[plugins.monitoring]` may say."""

    time_zone = fields.String(
        load_default="Europe/Warsaw",
        validate=_known_zone,
        metadata=says(N_("Time zone"), N_("Where the day begins whose figures the board shows.")),
    )
    long_pause_seconds = fields.Integer(
        load_default=900,
        validate=validate.Range(min=1),
        metadata=says(N_("Long pause (s)"), N_("A pause that lasts longer is marked.")),
    )
    long_wrap_up_seconds = fields.Integer(
        load_default=180,
        validate=validate.Range(min=1),
        metadata=says(N_("Long wrap-up (s)"), N_("A wrap-up that lasts longer is marked.")),
    )

    @post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> MonitoringSettings:
        return MonitoringSettings(**data)
