"""Administration in the browser, and Twilio's messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, render_template, request

from hookline import webhook_in
from hookline.permissions import public, receives_webhooks, requires
from hookline_telephony_twilio.backend import TwilioBackend
from hookline_telephony_twilio.permissions import MANAGE
from hookline_telephony_twilio.problems import missing_settings
from hookline_telephony_twilio.settings import TwilioSettings
from hookline_telephony_twilio.webhooks import Incoming, Webhooks

_MOST_BYTES = 64 * 1024
_HOOKS = (
    "voice/<key>",
    "digits/<key>",
    "call/<key>",
    "amd/<key>",
    "conference/<key>",
    "recording/<key>",
    "inbound",
    "inbound-wait/<key>",
    "inbound-status",
    "queue/<key>",
    "app",
    "app-status",
)
"""Where Twilio's messages come in; each is a method of `Webhooks`."""


def make_blueprint(settings: TwilioSettings, backend: TwilioBackend) -> Blueprint:
    """The plugin's pages, and the addresses that Twilio calls."""
    blueprint = Blueprint("telephony_twilio", __name__, template_folder="templates", static_folder="static")

    @blueprint.get("/")
    @requires(MANAGE)
    def index() -> str:
        return render_template(
            "telephony_twilio/index.html", problems=missing_settings(settings), account_sid=settings.account_sid
        )

    @blueprint.get("/sound/<token>.wav")
    @public("Twilio fetches sounds without a signature; each has a name that nobody can guess, for one call")
    def sound(token: str) -> Response:
        found = backend.sound(token)
        if found is None:
            abort(404)
        return Response(found, mimetype="audio/wav", headers={"Cache-Control": "private, max-age=300"})

    for rule in _HOOKS:
        name = rule.partition("/")[0].replace("-", "_")
        blueprint.add_url_rule(f"/{rule}", f"hook_{name}", _hook(backend.webhooks, name), methods=["POST"])
    return blueprint


def _hook(webhooks: Webhooks, name: str) -> Callable[..., Response]:
    handle: Any = getattr(webhooks, name)

    @receives_webhooks("messages from Twilio, signed")
    def view(key: str = "") -> Response:
        account, message = webhooks.verified(_incoming())
        answer = handle(account, key, message, request.args)
        if not answer:
            return Response(status=204)
        return Response(answer, mimetype="application/xml")

    return view


def _incoming() -> Incoming:
    length = request.content_length
    if length is None or length > _MOST_BYTES:
        raise webhook_in.WebhookTooLarge("The message is too large.")
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    return Incoming(
        # As it came: what was percent-encoded was signed so.
        raw_path=request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path.rstrip("?"),
        signature=request.headers.get("X-Twilio-Signature", ""),
        settings_header=request.headers.get("X-Twilio-Webhooks-Signature-Settings", ""),
        form=dict(request.form.lists()) if is_form else None,
        body=b"" if is_form else request.get_data(),
    )
