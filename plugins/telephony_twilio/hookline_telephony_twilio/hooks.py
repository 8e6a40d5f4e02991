"""The plugin's hook implementations; thin, they delegate."""

from __future__ import annotations

from hookline.contributions import NavigationItem, Permission, PluginContext, WebPart
from hookline.data_holders import DataHolder
from hookline.domain.dialling import DialRequest
from hookline.health import HealthCheck
from hookline.hookspecs import hookimpl
from hookline.jobs import Job
from hookline.ports.telephony import TelephonyBackend
from hookline.text import N_
from hookline_telephony_twilio.backend import TwilioBackend
from hookline_telephony_twilio.health import health_checks
from hookline_telephony_twilio.holders import voicemail_holder
from hookline_telephony_twilio.pages import Desk
from hookline_telephony_twilio.permissions import MANAGE, PERMISSIONS
from hookline_telephony_twilio.service import AccountService
from hookline_telephony_twilio.settings import TwilioSettings
from hookline_telephony_twilio.views import make_blueprint


class Hooks:
    """Made once at start."""

    def __init__(self, context: PluginContext) -> None:
        self._settings: TwilioSettings = context.settings
        accounts = AccountService(context.db)
        self._desk = Desk(context.db, self._settings, context.clock, accounts)
        self._backend = TwilioBackend(self._settings, context.db, context.data_dir, context.clock, accounts.accounts)

    @hookimpl
    def hookline_register_telephony_backends(self) -> list[TelephonyBackend]:
        """Twilio, once it can be used."""
        return [self._backend] if self._settings.configured else []

    @hookimpl
    def hookline_select_caller_id(self, request: DialRequest, backend: str) -> str | None:
        """The caller ID of the account that the call would go by."""
        return self._backend.default_caller_id(request.client_id) if backend == TwilioBackend.name else None

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        """telephony_twilio.manage."""
        return PERMISSIONS

    @hookimpl
    def hookline_register_web_parts(self) -> list[WebPart]:
        """How the accounts stand, and what Twilio calls."""
        return [WebPart(make_blueprint(self._settings, self._backend, self._desk))]

    @hookimpl
    def hookline_register_navigation(self) -> list[NavigationItem]:
        """The menu entry."""
        return [NavigationItem(N_("Twilio"), "telephony_twilio.index", MANAGE, section="admin", icon="globe", order=86)]

    @hookimpl
    def hookline_register_jobs(self) -> list[Job]:
        """Prices, numbers, and what could not be fetched or deleted at once."""
        if not self._settings.configured:
            return []
        name, desk = TwilioBackend.name, self._desk
        fetch_voicemail = self._backend.voicemail.fetch_missing
        return [
            Job(f"{name}.fetch-prices", N_("Ask Twilio what calls cost"), desk.fetch_prices, every_seconds=300),
            Job(f"{name}.see-numbers", N_("Look which numbers come to us"), desk.see_numbers, every_seconds=3600),
            Job(
                f"{name}.delete-fetched",
                N_("Delete fetched recordings at Twilio"),
                desk.delete_fetched,
                every_seconds=900,
            ),
            Job(f"{name}.fetch-voicemail", N_("Fetch voicemail"), fetch_voicemail, every_seconds=900),
        ]

    @hookimpl
    def hookline_register_data_holders(self) -> list[DataHolder]:
        """Voicemail."""
        return [voicemail_holder(self._backend.voicemail.folder)]

    @hookimpl
    def hookline_register_health_checks(self) -> list[HealthCheck]:
        """What is set, and what Twilio says of it."""
        return health_checks(self._settings, self._desk)
