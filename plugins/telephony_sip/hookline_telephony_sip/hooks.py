"""The plugin's hook implementations; thin, they delegate."""

from __future__ import annotations

from hookline.api import ApiResource
from hookline.contributions import NavigationItem, Permission, PluginContext, WebPart
from hookline.domain.dialling import DialRequest
from hookline.health import HealthCheck
from hookline.hookspecs import hookimpl
from hookline.jobs import Job
from hookline.ports.telephony import TelephonyBackend
from hookline.text import N_
from hookline_telephony_sip.api import TrunkApi
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.health import health_checks
from hookline_telephony_sip.permissions import MANAGE, PERMISSIONS
from hookline_telephony_sip.reach import EVERY_SECONDS, TrunkReach
from hookline_telephony_sip.service import TrunkService
from hookline_telephony_sip.settings import SipSettings
from hookline_telephony_sip.trials import Trials
from hookline_telephony_sip.views import make_blueprint


class Hooks:
    """Made once at start."""

    def __init__(self, context: PluginContext) -> None:
        self._db = context.db
        self._settings: SipSettings = context.settings
        self._trunks = TrunkService(context.db, front=bool(self._settings.proxy))
        self._reach = TrunkReach(context.db, self._settings.bind_address, self._settings.tls_authorities)
        self._backend = SipBackend(
            self._trunks.trunks_for, self._settings, self._trunks.inbound_trunks, self._trunks.speak_wideband
        )

    @hookimpl
    def hookline_register_telephony_backends(self) -> list[TelephonyBackend]:
        """SIP over the trunks in the table."""
        return [self._backend]

    @hookimpl
    def hookline_select_caller_id(self, request: DialRequest, backend: str) -> str | None:
        """The caller ID of the trunk that the call would go over."""
        return self._trunks.default_caller_id(request.client_id) if backend == SipBackend.name else None

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        """telephony_sip.manage."""
        return PERMISSIONS

    @hookimpl
    def hookline_register_web_parts(self) -> list[WebPart]:
        """Trunks and test calls."""
        return [WebPart(make_blueprint(self._db, self._trunks, Trials(self._settings), self._reach))]

    @hookimpl
    def hookline_register_api_resources(self) -> list[ApiResource]:
        """Trunks."""
        return [TrunkApi(self._trunks, self._reach).resource()]

    @hookimpl
    def hookline_register_navigation(self) -> list[NavigationItem]:
        """The menu entry."""
        return [NavigationItem(N_("Trunks"), "telephony_sip.index", MANAGE, section="admin", icon="route", order=85)]

    @hookimpl
    def hookline_register_jobs(self) -> list[Job]:
        """Ask the trunks once a minute whether they are there."""
        title = N_("Ask SIP trunks whether they are there")
        return [Job("telephony_sip.check-trunks", title, self._reach.check_all, every_seconds=EVERY_SECONDS)]

    @hookimpl
    def hookline_register_health_checks(self) -> list[HealthCheck]:
        """The library, the cells, the trunks."""
        return health_checks(self._backend, self._reach)
