"""The plugin's hook implementations; thin, they delegate."""

from __future__ import annotations

from hookline.contributions import NavigationItem, Permission, PluginContext, WebPart
from hookline.domain.dialling import DialRequest
from hookline.health import HealthCheck
from hookline.hookspecs import hookimpl
from hookline.ports.telephony import TelephonyBackend
from hookline_telephony_twilio.backend import TwilioBackend
from hookline_telephony_twilio.health import health_checks
from hookline_telephony_twilio.permissions import MANAGE, PERMISSIONS
from hookline_telephony_twilio.settings import TwilioSettings
from hookline_telephony_twilio.views import make_blueprint


class Hooks:
    """Made once at start."""

    def __init__(self, context: PluginContext) -> None:
        self._settings: TwilioSettings = context.settings
        self._backend = TwilioBackend(self._settings, context.db, context.data_dir, context.clock)

    @hookimpl
    def hookline_register_telephony_backends(self) -> list[TelephonyBackend]:
        """Twilio, once it can be used."""
        return [self._backend] if self._settings.configured else []

    @hookimpl
    def hookline_select_caller_id(self, request: DialRequest, backend: str) -> str | None:
        """The number of the account that the call would go by."""
        return self._backend.default_caller_id(request.client_id) if backend == TwilioBackend.name else None

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        """telephony_twilio.manage."""
        return PERMISSIONS

    @hookimpl
    def hookline_register_web_parts(self) -> list[WebPart]:
        """How the account stands."""
        return [WebPart(make_blueprint(self._settings, self._backend))]

    @hookimpl
    def hookline_register_navigation(self) -> list[NavigationItem]:
        """The menu entry."""
        return [NavigationItem("Twilio", "telephony_twilio.index", MANAGE, section="admin", icon="cloud", order=86)]

    @hookimpl
    def hookline_register_health_checks(self) -> list[HealthCheck]:
        """What is set."""
        return health_checks(self._settings)
