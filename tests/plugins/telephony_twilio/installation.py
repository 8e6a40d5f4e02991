"""A whole installation whose telephony is the Twilio plugin and whose Twilio is the stand-in, on one virtual clock."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from hookline.bootstrap import Runtime
from hookline.plugin_host.host import PluginHost
from hookline.services.reconcile import reconcile
from hookline.testing.centre import Centre
from hookline.testing.clock import Timer, VirtualClock
from hookline_web.app import create_app
from tests.plugins.telephony_twilio.standin import StandIn
from tests.plugins.telephony_twilio.standin.accounts import (
    ACCOUNT_SID,
    API_KEY,
    API_SECRET,
    APP_SID,
    AUTH_TOKEN,
    CALLER_ID,
)

PLUGIN = "telephony_twilio"
SECRETS = {
    "HOOKLINE_TELEPHONY_TWILIO__API_KEY_SECRET": API_SECRET,
    "HOOKLINE_TELEPHONY_TWILIO__AUTH_TOKEN": AUTH_TOKEN,
}
STEP_SECONDS = 0.1


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing."""


class ProcessClock(VirtualClock):
    """One process's view of a clock that the stand-in has, too: what is due for a process that has died never comes."""

    def __init__(self, world: VirtualClock) -> None:
        super().__init__(world.now())
        self._world = world
        self._alive = True

    def now(self) -> datetime:
        """The world's time."""
        return self._world.now()

    def call_later(self, seconds: float, handler: Callable[[], object]) -> Timer:
        """Run it, unless the process has died by then."""
        return self._world.call_later(seconds, lambda: self._alive and handler())

    def call_at(self, moment: datetime, handler: Callable[[], object]) -> Timer:
        """Run it, unless the process has died by then."""
        return self._world.call_at(moment, lambda: self._alive and handler())

    def advance(self, seconds: float = 0.0) -> None:
        """Turn the world's clock."""
        self._world.advance(seconds)

    def set(self, moment: datetime) -> None:
        """Set the world's clock."""
        self._world.set(moment)

    def die(self) -> None:
        """Nothing that was due happens any more."""
        self._alive = False


class WebServer:
    """Serves whatever app it has on one port; it can be stopped and come back, as a process that is restarted does."""

    def __init__(self) -> None:
        self.app: Callable[[Any, Any], Iterable[bytes]] | None = None
        self._server: BaseWSGIServer | None = None
        self.port = 0
        self.start()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Answer, on the port that it had before."""
        self._server = make_server("127.0.0.1", self.port, self._serve, threaded=True, request_handler=_Quiet)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _serve(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        assert self.app is not None, "there is no app yet"
        return self.app(environ, start_response)


class Installation:
    """`settings` are further ones of the plugin's. The simulated backend is there, too, for work with two."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = VirtualClock()
        self.standin = StandIn(self.clock)
        self.web = WebServer()
        self._told = {
            "account_sid": ACCOUNT_SID,
            "api_key_sid": API_KEY,
            "app_sid": APP_SID,
            "caller_id": CALLER_ID,
            "public_url": self.web.address,
            "api_base": self.standin.address,
            "calls_per_second": 100,
            "watch_seconds": 1,
            **settings,
        }
        self._process = ProcessClock(self.clock)
        with patch.dict(os.environ, SECRETS):
            self.centre = Centre(
                folder, plugins=(PLUGIN,), plugin_settings={PLUGIN: self._told}, record=True, clock=self._process
            )
        self._serve(self.centre.runtime)
        self._set_up_account()

    @property
    def runtime(self) -> Runtime:
        """Its services, those of the process that runs now."""
        return self.centre.runtime

    @property
    def backend(self) -> Any:
        """The Twilio backend."""
        backends = self.runtime.host.backends().values()
        return next(one for one in backends if type(one).__module__.startswith("hookline_telephony_twilio"))

    def start(self) -> None:
        """Start the backend as the engine would; its events go to the engine."""
        self.backend.start(self.runtime.engine.sink)

    def die(self) -> None:
        """The process is killed: nothing is hung up, nothing is told, nobody answers Twilio."""
        self.web.stop()
        self._process.die()

    def come_back(self) -> None:
        """A new process on the same database: what `Runtime.start` does, without its threads."""
        settings = self.runtime.settings
        self._process = ProcessClock(self.clock)
        runtime = Runtime(settings, self._process, PluginHost(settings.disabled_plugins))
        self.centre.clock, self.centre.runtime = self._process, runtime
        self._serve(runtime)
        self.web.start()
        reconcile(runtime.db)
        runtime.recordings.salvage(runtime.host.backends())
        self.start()

    def passes(self, seconds: float, step: float = STEP_SECONDS) -> None:
        """Let time pass, and everything on its way arrive before it goes on; the engine handles what it is told."""
        for _ in range(max(1, round(seconds / step))):
            self.settle()
            self.clock.advance(step)
        self.settle()

    def settle(self) -> None:
        """Let arrive, and be handled, what is on its way."""
        while True:
            self.standin.settle(also=self._is_idle)
            if not self.runtime.engine.drain():
                break
        if self._stored.is_set():
            self._stored.clear()
            self.runtime.bus.pump()

    def until(self, what: Callable[[], object], seconds: float = 20.0) -> None:
        """Let time pass until it holds; AssertionError where it does not."""
        for _ in range(round(seconds / STEP_SECONDS)):
            self.settle()
            if what():
                return
            self.clock.advance(STEP_SECONDS)
        self.settle()
        assert what(), f"in vain for {seconds} s"

    def close(self) -> None:
        """Everything; and nobody may have broken Twilio's rules."""
        self.backend.stop()
        self.web.stop()
        self.standin.close()
        self.centre.close()
        self.standin.check()

    def _is_idle(self) -> bool:
        idle = self.backend.idle
        return bool(idle() if callable(idle) else idle)

    def _serve(self, runtime: Runtime) -> None:
        self._stored = threading.Event()
        self._stored.set()
        runtime.db.on_events(self._stored.set)
        self.web.app = create_app(runtime)

    def _set_up_account(self) -> None:
        """As the administrator would: the account's number and application call us."""
        base = f"{self.web.address}/p/{PLUGIN}"
        for account in self.standin.world.accounts.values():
            for number in account.numbers.values():
                number.voice_url, number.status_callback = f"{base}/inbound", f"{base}/inbound-status"
            for application in account.applications.values():
                application.voice_url, application.status_callback = f"{base}/app", f"{base}/app-status"
