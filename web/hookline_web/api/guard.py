"""Before every request to the API: which token is it, and may it. A browser's session counts for nothing here."""

from __future__ import annotations

import structlog
from flask import Flask, abort, current_app, g, request

from hookline.errors import NotPermitted
from hookline.plugin_host.host import PluginState
from hookline.services.tokens import Bearer, TokenRefused
from hookline.text import N_
from hookline_web.api import problems
from hookline_web.api.parts import parts
from hookline_web.context import runtime

log = structlog.get_logger(__name__)


def install(app: Flask) -> None:
    """Hold every request to the API against its token. Comes before the guard of pages, which then stands back."""
    app.before_request(_check)


def bearer() -> Bearer:
    """The program that asks."""
    found: Bearer = g.bearer
    return found


def _check() -> None:
    if not problems.wanted():
        return
    g.user = g.actor = g.login = None
    g.api_checked = True
    if request.endpoint is None:
        return  # the routing error (404, 405) is answered as such
    _refuse_stopped_plugin()
    view = current_app.view_functions[request.endpoint]
    if not getattr(view, "hookline_public", ""):
        g.bearer = _recognise()
        g.actor = g.bearer.actor
        _require(getattr(view, "hookline_permission", None))


def _refuse_stopped_plugin() -> None:
    owner = parts().owners.get(request.blueprint or "")
    if owner is not None and runtime().host.statuses[owner].state is not PluginState.ACTIVE:
        abort(404)


def _recognise() -> Bearer:
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise TokenRefused(N_("This needs a token."), N_("Send it in the header “Authorization: Bearer <token>”."))
    found = runtime().tokens.recognise(sent.token)
    wait = parts().rate.take(found.token_id)
    if wait:
        raise problems.TooManyRequests(wait)
    return found


def _require(permission: str | None) -> None:
    if permission is None:
        log.error("operation declares no permission", endpoint=request.endpoint)
        raise NotPermitted(
            N_("This operation declares no permission, so nobody may use it."), N_("Tell the plugin's author.")
        )
    if not g.bearer.actor.can(permission):
        raise NotPermitted(
            N_("This token may not do this: it needs “%(permission)s”."),
            N_("Ask your administrator for a token with the permission."),
            params={"permission": permission},
        )
