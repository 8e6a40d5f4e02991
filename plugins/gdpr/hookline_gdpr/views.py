"""The overview of consents, and the consents of one contact: as a page and as a tab of core's contact page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from hookline import validation
from hookline.contributions import PanelRequest
from hookline.domain.access import Actor
from hookline.errors import HooklineError, InvalidInput
from hookline.permissions import requires
from hookline_gdpr.overview import PAGE, Overview
from hookline_gdpr.permissions import MANAGE, VIEW
from hookline_gdpr.rules import ConsentState
from hookline_gdpr.schemas import ConsentSchema, SearchSchema, WithdrawSchema
from hookline_gdpr.service import ConsentService

Answer = str | Response | tuple[str, int]
_FIELDS = ("wording", "wording_version", "evidence", "given_at", "given_time", "valid_until")


def make_blueprint(consents: ConsentService, overview: Overview) -> Blueprint:
    """The plugin's pages."""
    views = _Views(consents, overview)
    blueprint = Blueprint("gdpr", __name__, template_folder="templates")
    blueprint.add_url_rule("/", "index", views.index)
    blueprint.add_url_rule("/contacts/<int:contact_id>", "contact", views.contact)
    blueprint.add_url_rule("/contacts/<int:contact_id>/consents", "give", views.give, methods=["POST"])
    blueprint.add_url_rule("/consents/<int:consent_id>/withdraw", "withdraw", views.withdraw, methods=["POST"])
    return blueprint


def make_panel(consents: ConsentService) -> Callable[[PanelRequest], str]:
    """Renders the tab of a contact's page."""

    def render(asked: PanelRequest) -> str:
        return _panel(consents, asked.actor, int(asked.arguments["contact_id"]))

    return render


class _Views:
    def __init__(self, consents: ConsentService, overview: Overview) -> None:
        self._consents = consents
        self._overview = overview

    @requires(MANAGE)
    def index(self) -> Answer:
        search = validation.load(SearchSchema(), {k: v for k, v in request.args.items() if v})
        state = ConsentState(search["state"]) if search["state"] else None
        return render_template(
            "gdpr/index.html",
            counts=self._overview.counts(_actor()),
            found=self._overview.search(_actor(), search["q"], search["client_id"], state),
            search=search,
            page=PAGE,
        )

    @requires(VIEW)
    def contact(self, contact_id: int) -> Answer:
        return self._contact_page(contact_id)

    @requires(MANAGE)
    def give(self, contact_id: int) -> Answer:
        try:
            self._consents.give(_actor(), contact_id, validation.load(ConsentSchema(), _posted()))
        except (InvalidInput, HooklineError) as error:
            if error.status == 404:
                raise
            return self._answer(contact_id, error), error.status if error.status != 409 else 422
        return self._done(contact_id, _("The consent is recorded."))

    @requires(MANAGE)
    def withdraw(self, consent_id: int) -> Answer:
        data = validation.load(WithdrawSchema(), request.form)
        contact_id = self._consents.withdraw(_actor(), consent_id, data["because"])
        return self._done(contact_id, _("Withdrawn. The contact is not called for marketing any more."))

    def _done(self, contact_id: int, message: str) -> Answer:
        if "HX-Request" in request.headers:
            return _panel(self._consents, _actor(), contact_id, message=message)
        flash(message, "success")
        return redirect(url_for("gdpr.contact", contact_id=contact_id))

    def _answer(self, contact_id: int, error: HooklineError) -> str:
        if "HX-Request" in request.headers:
            return _panel(self._consents, _actor(), contact_id, error=error)
        return self._contact_page(contact_id, error)

    def _contact_page(self, contact_id: int, error: HooklineError | None = None) -> str:
        contact = self._consents.contact(_actor(), contact_id)
        panel = _panel(self._consents, _actor(), contact_id, error=error)
        return render_template("gdpr/contact.html", contact=contact, panel=panel)


def _panel(
    consents: ConsentService,
    actor: Actor,
    contact_id: int,
    *,
    error: HooklineError | None = None,
    message: str = "",
) -> str:
    contact = consents.contact(actor, contact_id)
    return render_template(
        "gdpr/panel.html",
        contact=contact,
        consents=consents.consents_of(actor, contact_id),
        objection=consents.objection(contact),
        manages=actor.can(MANAGE),
        error=error,
        errors=error.fields if isinstance(error, InvalidInput) else {},
        posted={name: request.form.get(name, "") for name in _FIELDS} if error else {},
        message=message,
    )


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor


def _posted() -> Mapping[str, str]:
    data = {name: request.form[name] for name in _FIELDS if request.form.get(name, "").strip()}
    clock = data.pop("given_time", "")
    if clock and "given_at" in data:
        data["given_at"] = f"{data['given_at']}T{clock}"
    return data
