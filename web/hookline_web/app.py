"""Builds the Flask app of an installation."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from hookline import __version__, bootstrap, logs
from hookline.bootstrap import Runtime
from hookline.contributions import NavigationItem
from hookline.text import N_
from hookline_web import (
    error_pages,
    guard,
    help_topics,
    i18n,
    navigation,
    plugin_facts,
    request_log,
    secret_key,
    security_headers,
    slots,
    template_code,
    template_parts,
    views,
)
from hookline_web.api import installing as api
from hookline_web.context import EXTENSION, Shell
from hookline_web.glossary import Glossary
from hookline_web.stream import StreamHub
from hookline_web.throttle import Throttle
from hookline_web.views import plugin_care

log = structlog.get_logger(__name__)

_STATIC_SECONDS = 7 * 24 * 3600  # addresses of static files carry their time of change
_UPLOAD_BYTES = 64 * 1024 * 1024


def create_app(runtime: Runtime | None = None, former: Flask | None = None) -> Flask:
    """The web app of `runtime` (default: the installation in HOOKLINE_HOME). Starts no engine and no thread.

    `former` is the app that this one is to take over from: streams, failed log-ins and API rates go on where they are.
    """
    if runtime is None:
        runtime = bootstrap.build()
        logs.configure(runtime.settings.log_level, runtime.settings.log_format)
    app = Flask(__name__)
    _configure(app, runtime)
    if runtime.settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    shell = _shell(runtime, former)
    app.extensions[EXTENSION] = shell
    request_log.install(app)  # first: whatever refuses a request, its answer carries an id and is logged
    api.install_guard(app, runtime, former)  # before the guard of pages, which leaves these requests alone
    guard.install(app)  # before CSRF: who is not logged in is told that, not that his form is stale
    csrf = CSRFProtect(app)
    security_headers.install(app)
    error_pages.install(app)
    packages = {"core": "hookline", "web": "hookline_web", **runtime.host.active_packages()}
    i18n.install(app, packages.values(), runtime.settings.data_dir / "cache" / "locale")
    shell.help_folders = help_topics.folders(packages.values())
    shell.glossary = Glossary(packages.values())
    navigation.install(app)
    slots.install(app)
    plugin_care.install(app)
    template_parts.install(app)
    plugin_facts.install(app)
    template_code.install(app)
    shell.navigation = _add_core_views(app) + _add_plugin_views(app, runtime)
    for view in filter(guard.takes_webhooks, app.view_functions.values()):
        csrf.exempt(view)
    api.install(app, runtime, csrf)
    shell.panels = runtime.host.panels()
    return app


def _shell(runtime: Runtime, former: Flask | None) -> Shell:
    if former is None:
        return Shell(runtime, StreamHub(runtime), Throttle(runtime.clock))
    replaced: Shell = former.extensions[EXTENSION]
    return Shell(runtime, replaced.hub, replaced.throttle)


def _configure(app: Flask, runtime: Runtime) -> None:
    app.config.update(
        SECRET_KEY=secret_key.load_or_make(runtime.settings.data_dir),
        SESSION_COOKIE_NAME="hookline",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=runtime.settings.behind_proxy,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=runtime.settings.session_hours + 1),
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        MAX_CONTENT_LENGTH=_UPLOAD_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=_STATIC_SECONDS,
        STREAM_HEARTBEAT_SECONDS=15.0,
        HOOKLINE_VERSION=__version__,
    )


def _add_core_views(app: Flask) -> list[NavigationItem]:
    items: list[NavigationItem] = []
    for found in sorted(pkgutil.iter_modules([str(Path(views.__file__).parent)]), key=lambda m: m.name):
        module: Any = importlib.import_module(f"{views.__name__}.{found.name}")
        blueprint: Blueprint | None = getattr(module, "blueprint", None)
        if blueprint is not None:
            app.register_blueprint(blueprint)
        items += getattr(module, "NAVIGATION", ())
    return items


def _add_plugin_views(app: Flask, runtime: Runtime) -> list[NavigationItem]:
    for part in runtime.host.web_parts():
        blueprint: Blueprint = part.value.blueprint
        try:
            if blueprint.name != part.plugin:
                raise ValueError(f"its blueprint is named {blueprint.name}, which must be {part.plugin}")
            app.register_blueprint(blueprint, url_prefix=f"/p/{part.plugin}")
        except Exception as error:
            # The guard answers 404 for what may have been mounted of it.
            runtime.host.mark_failed(part.plugin, N_("It could not be mounted: %(error)s"), error)
    return [item.value for item in runtime.host.navigation()]
