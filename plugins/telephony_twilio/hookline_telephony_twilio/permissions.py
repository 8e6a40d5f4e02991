"""What may be permitted here."""

from __future__ import annotations

from hookline.contributions import Permission
from hookline.domain.access import Role
from hookline.text import N_

MANAGE = "telephony_twilio.manage"

PERMISSIONS = [
    Permission(MANAGE, N_("Look after the Twilio accounts, and see what calls cost"), frozenset({Role.ADMINISTRATOR}))
]
