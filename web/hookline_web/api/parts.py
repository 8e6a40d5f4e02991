"""What the API holds beside Flask's own; one per app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from hookline_web.api.rate import RateLimit

EXTENSION = "hookline_api"


@dataclass
class ApiParts:
    """`mounted` are the resources' blueprints; `owners` names the plugin of each that a plugin contributed."""

    rate: RateLimit
    mounted: list[Any] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    #: Permissions that some operation needs: what a token can be given.
    permissions: set[str] = field(default_factory=set)
    #: The OpenAPI document, once somebody has asked for it.
    document: dict[str, Any] | None = None


def parts() -> ApiParts:
    """The current app's parts."""
    found: ApiParts = current_app.extensions[EXTENSION]
    return found
