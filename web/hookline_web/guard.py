"""Before every request: who is it, and may he. A view that declares nothing is refused to everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from hookline.errors import HooklineError, NotPermitted
from hookline.plugin_host.host import PluginState
from hookline.text import N_
from hookline_web import auth
from hookline_web.context import runtime, shell

log = structlog.get_logger(__name__)

#: Asked by machines, and answered while the database is away: nobody is recognised there.
PROBES = {"health.alive", "health.ready"}


class PluginStopped(HooklineError):
    """The page belongs to a plugin that is in quarantine."""

    id = "plugin-stopped"
    status = 503


def install(app: Flask) -> None:
    """Hold every request of the app against the views' declarations."""
    app.before_request(_check)


def is_static(endpoint: str | None) -> bool:
    """Whether the endpoint serves a package's static files, which are the same for everybody."""
    return endpoint is not None and (endpoint == "static" or endpoint.endswith(".static"))


def declared_permission(view: Callable[..., Any]) -> str | None:
    """The permission a view declares by `@requires`; None for a public or an undeclared one."""
    permission: str | None = getattr(view, "hookline_permission", None)
    return permission


def is_public(view: Callable[..., Any]) -> bool:
    """Whether a view declares by `@public` that it needs no log-in."""
    return bool(getattr(view, "hookline_public", ""))


def takes_webhooks(view: Callable[..., Any]) -> bool:
    """Whether a view declares by `@receives_webhooks` that programs send to it, which have no form's token."""
    return bool(getattr(view, "hookline_takes_webhooks", False))


def _check() -> BaseResponse | None:
    if g.get("api_checked"):
        return None  # a program, let in by its token (see api/guard.py)
    g.user = g.actor = g.login = None
    if is_static(request.endpoint) or request.endpoint in PROBES:
        return None
    runtime().keep_watch()
    g.stream_from = shell().hub.last_sequence()
    _recognise()
    if request.endpoint is None:
        return None  # the routing error (404, 405) is answered by its own page
    _refuse_stopped_plugin()
    view = current_app.view_functions[request.endpoint]
    if is_public(view):
        return None
    return _check_permission(declared_permission(view))


def _recognise() -> None:
    login = auth.current_login()
    if login is None:
        return
    user = auth.still_valid(runtime(), login)
    if user is None:
        auth.log_out()
        return
    g.login, g.user, g.actor = login, user, runtime().identity.actor(user)


def _refuse_stopped_plugin() -> None:
    status = runtime().host.statuses.get(request.blueprint or "")
    if status is None or status.state is PluginState.ACTIVE:
        return
    if status.state is PluginState.QUARANTINED:
        raise PluginStopped(
            N_("The plugin %(plugin)s is stopped: it made too many errors."),
            N_("Nothing of its data is lost. An administrator brings it back on the page Health."),
            params={"plugin": status.title},
        )
    abort(404)


def _check_permission(permission: str | None) -> BaseResponse | None:
    if permission is None:
        log.error("view declares no permission", endpoint=request.endpoint)
        raise NotPermitted(
            N_("This page declares no permission, so nobody may open it."),
            N_("Tell the author of the page: every view needs @requires or @public."),
        )
    if g.actor is None:
        return _to_login()
    if not g.actor.can(permission):
        raise NotPermitted(
            N_("You are not permitted to open this page: it needs “%(permission)s”."),
            N_("Ask your administrator for the permission."),
            params={"permission": permission},
        )
    return None


def _to_login() -> BaseResponse:
    target = request.full_path.rstrip("?") if request.method == "GET" and not _is_fragment() else None
    address = url_for("login.form", next=target if target and target != "/" else None)
    if _is_fragment():
        return Response(status=401, headers={"HX-Redirect": address})
    if request.accept_mimetypes.best in {"application/json", "text/event-stream"}:
        return Response(status=401)
    return redirect(address)


def _is_fragment() -> bool:
    return "HX-Request" in request.headers


def local_path(target: str | None) -> str | None:
    """The target if it is a path of this site, else None: nobody is sent elsewhere by a link with ?next=."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc and target.isprintable() else None
