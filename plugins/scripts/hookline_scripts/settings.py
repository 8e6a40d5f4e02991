"""The plugin's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load

from hookline.outbound_addresses import AllowList
from hookline.plugin_settings import says
from hookline.text import N_


def _known_hosts(entries: list[str]) -> None:
    try:
        AllowList(entries)
    except ValueError:
        raise ValidationError(N_("Write host names, host:port, or networks such as 10.0.0.0/8.")) from None


@dataclass(frozen=True)
class ScriptsSettings:
    """`lookup_hosts`: the company's own hosts that look-ups may ask besides public ones."""

    lookup_hosts: tuple[str, ...] = ()


class SettingsSchema(Schema):
    """What `[plugins.scripts]` may say."""

    lookup_hosts = fields.List(
        fields.String(),
        load_default=list,
        validate=_known_hosts,
        metadata=says(
            N_("Own hosts for look-ups"),
            N_("Hosts inside the company that scripts may ask; public ones always may be."),
        ),
    )

    @post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> ScriptsSettings:
        return ScriptsSettings(tuple(data["lookup_hosts"]))
