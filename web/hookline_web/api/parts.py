"""What the API holds beside Flask's own; one per app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from hookline_web.api.rate import RateLimit

EXTENSION = "hookline_api"


@dataclass
class ApiParts:
    """`spec` is flask-smorest's Api; `owners` names the plugin of each blueprint that a plugin contributed."""

    rate: RateLimit
    spec: Any = None
    owners: dict[str, str] = field(default_factory=dict)
    #: Permissions that some operation needs: what a token can be given.
    permissions: set[str] = field(default_factory=set)


def parts() -> ApiParts:
    """The current app's parts."""
    found: ApiParts = current_app.extensions[EXTENSION]
    return found
