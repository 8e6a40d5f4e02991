"""What may be permitted here."""

from __future__ import annotations

from hookline.contributions import Permission
from hookline.domain.access import Role
from hookline.text import N_

MANAGE = "scripts.manage"

PERMISSIONS = [Permission(MANAGE, N_("Write and change conversation scripts"), frozenset({Role.ADMINISTRATOR}))]
