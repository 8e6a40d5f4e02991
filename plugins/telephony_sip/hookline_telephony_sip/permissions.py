"""What may be permitted here."""

from __future__ import annotations

from hookline.contributions import Permission
from hookline.domain.access import Role
from hookline.text import N_

MANAGE = "telephony_sip.manage"

PERMISSIONS = [Permission(MANAGE, N_("Manage SIP trunks and place test calls"), frozenset({Role.ADMINISTRATOR}))]
