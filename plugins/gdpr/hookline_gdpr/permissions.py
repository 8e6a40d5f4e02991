"""What may be permitted here."""

from __future__ import annotations

from hookline.contributions import Permission
from hookline.domain.access import Role
from hookline.text import N_

VIEW = "gdpr.view"
MANAGE = "gdpr.manage"

PERMISSIONS = [
    Permission(VIEW, N_("See a contact's consents"), frozenset(Role)),
    Permission(MANAGE, N_("Record and withdraw consents"), frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})),
]
