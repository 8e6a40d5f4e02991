"""What may be permitted here."""

from __future__ import annotations

from hookline.contributions import Permission
from hookline.domain.access import Role
from hookline.text import N_

WATCH = "monitoring.watch"

PERMISSIONS = [
    Permission(WATCH, N_("Watch agents at work, live"), frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})),
]
