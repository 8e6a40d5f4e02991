"""The plugin's settings, from the table [plugins.monitoring] of hookline.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from hookline.settings import BadSettings


def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValidationError("There is no such time zone; write an IANA name, such as Europe/Warsaw.") from None


@dataclass(frozen=True)
class MonitoringSettings:
    """`time_zone` says when a supervisor's day begins; states longer than the limits are marked."""

    time_zone: str = "Europe/Warsaw"
    long_pause_seconds: int = 900
    long_wrap_up_seconds: int = 180


class _Schema(Schema):
    class Meta:
        unknown = RAISE

    time_zone = fields.String(load_default="Europe/Warsaw", validate=_known_zone)
    long_pause_seconds = fields.Integer(load_default=900, validate=validate.Range(min=1))
    long_wrap_up_seconds = fields.Integer(load_default=180, validate=validate.Range(min=1))


def load_settings(data: Mapping[str, Any]) -> MonitoringSettings:
    """The settings; raises BadSettings with the name of the one that cannot be used."""
    try:
        return MonitoringSettings(**_Schema().load(data))
    except ValidationError as error:
        raise BadSettings(
            f"The settings of the plugin monitoring cannot be used: {error.messages}.", "See its README.md."
        ) from error
