"""Administration in the browser."""

from __future__ import annotations

from flask import Blueprint, render_template

from hookline.permissions import requires
from hookline_telephony_twilio.permissions import MANAGE
from hookline_telephony_twilio.problems import missing_settings
from hookline_telephony_twilio.settings import TwilioSettings


def make_blueprint(settings: TwilioSettings) -> Blueprint:
    """The plugin's pages."""
    blueprint = Blueprint("telephony_twilio", __name__, template_folder="templates", static_folder="static")

    @blueprint.get("/")
    @requires(MANAGE)
    def index() -> str:
        return render_template(
            "telephony_twilio/index.html", problems=missing_settings(settings), account_sid=settings.account_sid
        )

    return blueprint
