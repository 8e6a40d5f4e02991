"""The plugin's hook implementations; thin, they delegate."""

from __future__ import annotations

from hookline.api import ApiResource
from hookline.contributions import NavigationItem, Panel, Permission, PluginContext, Policy, WebPart
from hookline.data_holders import DataHolder
from hookline.domain.campaigns import Purpose
from hookline.domain.dialling import DialRequest, Refusal
from hookline.domain.results import DisposedCall
from hookline.hookspecs import hookimpl
from hookline.text import N_
from hookline_gdpr.api import ConsentResource
from hookline_gdpr.holders import consent_holder
from hookline_gdpr.overview import Overview
from hookline_gdpr.permissions import MANAGE, PERMISSIONS, VIEW
from hookline_gdpr.service import ConsentService
from hookline_gdpr.views import make_blueprint, make_panel

CONSENT_POLICY = Policy(
    "gdpr.consent",
    N_("Consent to marketing calls"),
    N_("Marketing dials only contacts whose consent to calls from this client is valid at that moment."),
    frozenset({Purpose.MARKETING}),
)


class Hooks:
    """Made once at start."""

    def __init__(self, context: PluginContext) -> None:
        self._consents = ConsentService(context.db)
        self._overview = Overview(context.db)
        self._api = ConsentResource(context.db, self._consents)

    @hookimpl
    def hookline_register_policies(self) -> list[Policy]:
        """gdpr.consent."""
        return [CONSENT_POLICY]

    @hookimpl
    def hookline_dial_refusals(self, request: DialRequest) -> list[Refusal]:
        """Marketing without a valid consent is refused, whether or not the campaign lists the policy."""
        return self._consents.refusals(request)

    @hookimpl
    def hookline_call_disposed(self, call: DisposedCall) -> None:
        """Who asked not to be called again has withdrawn."""
        self._consents.on_disposed(call)

    @hookimpl
    def hookline_register_permissions(self) -> list[Permission]:
        """gdpr.view, gdpr.manage."""
        return PERMISSIONS

    @hookimpl
    def hookline_register_web_parts(self) -> list[WebPart]:
        """The overview and a contact's consents."""
        return [WebPart(make_blueprint(self._consents, self._overview))]

    @hookimpl
    def hookline_register_api_resources(self) -> list[ApiResource]:
        """/api/v1/gdpr/consents."""
        return [self._api.resource()]

    @hookimpl
    def hookline_register_navigation(self) -> list[NavigationItem]:
        """The menu entry."""
        return [NavigationItem(N_("Consents"), "gdpr.index", MANAGE, section="admin", icon="shield-check", order=40)]

    @hookimpl
    def hookline_register_panels(self) -> list[Panel]:
        """The tab on a contact's page."""
        return [Panel("contact.tabs", N_("Consents"), VIEW, make_panel(self._consents), order=30)]

    @hookimpl
    def hookline_register_data_holders(self) -> list[DataHolder]:
        """Consents: withdrawn at an erasure, kept as proof."""
        return [consent_holder()]
