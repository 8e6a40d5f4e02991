"""The pages of a running server: a Flask app that can be replaced while requests and streams go on.

Flask takes no blueprints after its first request. So when a plugin comes or goes a new app is built beside the old one
and takes over between two requests; what the old one has begun, it ends. Both share the stream hub.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Flask

from hookline.bootstrap import Runtime
from hookline.live_plugins import LivePlugins
from hookline_web.app import create_app
from hookline_web.context import EXTENSION, Shell

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger(__name__)


class LiveApp:
    """The WSGI application of one installation, and what keeps it up with hookline.toml."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.plugins = LivePlugins(runtime, self._rebuild)
        self.app: Flask = self._built(None)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Let the present app answer."""
        return self.app(environ, start_response)

    def _rebuild(self) -> None:
        self.app = self._built(self.app)
        log.info("pages built anew", plugins=sorted(self._runtime.host.active_packages()))

    def _built(self, former: Flask | None) -> Flask:
        app = create_app(self._runtime, former)
        shell_of(app).live = self.plugins
        return app

    def close(self) -> None:
        """End the streams; the threads that serve them are waited for."""
        self.plugins.stop()
        shell_of(self.app).hub.close()


def shell_of(app: Flask) -> Shell:
    """What an app holds beside Flask's own."""
    found: Shell = app.extensions[EXTENSION]
    return found
