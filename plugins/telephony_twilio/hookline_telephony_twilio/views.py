"""Administration in the browser, and the addresses that Twilio calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from hookline import validation, webhook_in
from hookline.domain.access import Actor
from hookline.errors import InvalidInput
from hookline.permissions import public, receives_webhooks, requires
from hookline.text import N_
from hookline_telephony_twilio.backend import TwilioBackend
from hookline_telephony_twilio.pages import Desk
from hookline_telephony_twilio.permissions import MANAGE
from hookline_telephony_twilio.problems import missing_settings
from hookline_telephony_twilio.schemas import AccountSchema
from hookline_telephony_twilio.service import AccountDraft, AccountView
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
    "voicemail",
    "voicemail-over",
    "voicemail-told",
    "app",
    "app-status",
)
"""Where Twilio's messages come in; each is a method of `Webhooks`."""
Answer = str | BaseResponse | tuple[str, int]


def make_blueprint(settings: TwilioSettings, backend: TwilioBackend, desk: Desk) -> Blueprint:
    """The plugin's pages, and the addresses that Twilio calls."""
    blueprint = Blueprint("telephony_twilio", __name__, template_folder="templates", static_folder="static")
    views = _Views(settings, backend, desk)
    for rule, name, view, methods in (
        ("/", "index", views.index, ["GET"]),
        ("/check", "check", views.check, ["POST"]),
        ("/accounts/new", "new", views.new, ["GET", "POST"]),
        ("/accounts/<int:account_id>", "edit", views.edit, ["GET", "POST"]),
        ("/accounts/<int:account_id>/remove", "remove", views.remove, ["POST"]),
        ("/messages/<int:message_id>.wav", "message", views.message, ["GET"]),
        ("/sound/<token>.wav", "sound", views.sound, ["GET"]),
    ):
        blueprint.add_url_rule(rule, name, view, methods=methods)
    for rule in _HOOKS:
        name = rule.partition("/")[0].replace("-", "_")
        blueprint.add_url_rule(f"/{rule}", f"hook_{name}", _hook(backend.webhooks, name), methods=["POST"])
    return blueprint


class _Views:
    def __init__(self, settings: TwilioSettings, backend: TwilioBackend, desk: Desk) -> None:
        self._settings, self._backend, self._desk = settings, backend, desk

    @requires(MANAGE)
    def index(self) -> Answer:
        return self._page()

    @requires(MANAGE)
    def check(self) -> Answer:
        return self._page(findings=self._desk.look())

    @requires(MANAGE)
    def new(self) -> Answer:
        if request.method == "GET":
            return self._form({})
        try:
            draft = _posted()
            self._desk.accounts.add(_actor(), draft)
        except InvalidInput as error:
            return self._form(request.form, error), error.status
        flash(_("The account %(name)s is added. The check says whether it works.", name=draft.name), "success")
        return redirect(url_for("telephony_twilio.index"))

    @requires(MANAGE)
    def edit(self, account_id: int) -> Answer:
        account = self._desk.accounts.get_account(_actor(), account_id)
        if request.method == "GET":
            return self._form(vars(account.record), account=account)
        try:
            self._desk.accounts.change(_actor(), account_id, _posted())
        except InvalidInput as error:
            return self._form(request.form, error, account), error.status
        flash(_("The changes are saved."), "success")
        return redirect(url_for("telephony_twilio.index"))

    @requires(MANAGE)
    def remove(self, account_id: int) -> Answer:
        self._desk.accounts.remove(_actor(), account_id)
        flash(_("The account is removed; calls that are up go on."), "success")
        return redirect(url_for("telephony_twilio.index"))

    @requires(MANAGE)
    def message(self, message_id: int) -> Answer:
        path = self._backend.voicemail.open(_actor(), message_id)
        return send_file(path, mimetype="audio/wav", conditional=True, max_age=0)

    @public("Twilio fetches sounds without a signature; each has a name that nobody can guess, for one call")
    def sound(self, token: str) -> Answer:
        found = self._backend.sound(token)
        if found is None:
            abort(404)
        return Response(found, mimetype="audio/wav", headers={"Cache-Control": "private, max-age=300"})

    def _page(self, **more: Any) -> str:
        return render_template(
            "telephony_twilio/index.html",
            problems=missing_settings(self._settings),
            settings=self._settings,
            accounts=self._desk.accounts.list_accounts(_actor()),
            messages=self._backend.voicemail.list_messages(_actor()),
            **vars(self._desk.overview(_actor())),
            **more,
        )

    def _form(
        self, values: Mapping[str, Any], error: InvalidInput | None = None, account: AccountView | None = None
    ) -> str:
        clients = [(str(key), name) for key, name in self._desk.accounts.clients(_actor())]
        return render_template(
            "telephony_twilio/form.html", values=values, error=error, account=account, clients=clients
        )


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
        raise webhook_in.WebhookTooLarge(N_("The message is too large."))
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    return Incoming(
        # As it came: what was percent-encoded was signed so.
        raw_path=request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path.rstrip("?"),
        signature=request.headers.get("X-Twilio-Signature", ""),
        settings_header=request.headers.get("X-Twilio-Webhooks-Signature-Settings", ""),
        form=dict(request.form.lists()) if is_form else None,
        body=b"" if is_form else request.get_data(),
    )


def _posted() -> AccountDraft:
    data = validation.load(AccountSchema(), {k: v for k, v in request.form.items() if k != "csrf_token"})
    return AccountDraft(**data)


def _actor() -> Actor:
    actor: Actor = g.actor
    return actor
