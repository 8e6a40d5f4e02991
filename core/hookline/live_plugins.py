"""The running server follows hookline.toml: plugins come and go, and change their settings, without a restart.

One thread looks at the file every second; whoever changed it (a page, a command, an editor) need not tell. A plugin
that goes answers 404 at once; where calls are up over its telephony it takes no more, and is let go when they have
ended, or are hung up where the release set says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.db import migrate
from hookline.db.models import AgentSession, Call
from hookline.domain.agents import AgentState, IllegalAgentMove
from hookline.domain.calls import CallState
from hookline.errors import HooklineError
from hookline.plugin_host.discovery import discover, discover_for
from hookline.plugin_host.states import NameClash, PluginState
from hookline.ports.telephony import TelephonyError
from hookline.services.release_sets import Origin
from hookline.settings import Settings
from hookline.text import N_

log = structlog.get_logger(__name__)

_EVERY_SECONDS = 1.0
#: What is kept of a plugin to see whether its settings changed: its table and its environment.
Given = Mapping[str, Any]


class LivePlugins:
    """Brings the runtime to what the file wants. `swap` builds the pages anew; it is called after each change."""

    def __init__(self, runtime: Runtime, swap: Callable[[], None]) -> None:
        self._runtime = runtime
        self._swap = swap
        self._on = _wanted(runtime.settings)
        self._seen: tuple[int, int, int] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        #: Why the file cannot be followed now; None while it can.
        self.trouble: HooklineError | None = None

    def begin(self) -> None:
        """Number what runs now, where no set says it yet; what the file says from here on is followed by `look`."""
        self._seen = self._signature()
        number = self._runtime.plugin_changes.notice(Origin.START)
        self._runtime.release_sets.applied(number, self._problem())

    def start(self) -> None:
        """Begin, and look again and again from an own thread."""
        self.begin()
        self._thread = threading.Thread(target=self._run, name="live-plugins", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            try:
                self.look()
            except Exception as error:
                log.error("the settings file could not be followed", error_type=type(error).__name__, exc_info=error)

    def look(self) -> bool:
        """Follow the file where it has changed; False where something still waits for calls to end."""
        with self._lock:
            signature = self._signature()
            if signature == self._seen:
                return True
            try:
                wanted = self._runtime.plugin_changes.wanted()
            except HooklineError as error:
                self._seen, self.trouble = signature, error
                log.error("hookline.toml cannot be followed", error=error.message)
                return True
            self.trouble = None
            done = self._follow(wanted)
            if done:
                self._seen = signature
            return done

    def _signature(self) -> tuple[int, int, int] | None:
        path = self._runtime.settings.file
        try:
            found = path.stat() if path else None
        except FileNotFoundError:
            found = None
        return (found.st_mtime_ns, found.st_size, found.st_ino) if found else (0, 0, 0)

    # Following

    def _follow(self, settings: Settings) -> bool:
        runtime = self._runtime
        number = runtime.plugin_changes.notice(Origin.FILE)
        self._learn_of_new()
        wanted = _wanted(settings)
        ends_calls = runtime.release_sets.get(number).ends_calls
        gone = [name for name, given in self._on.items() if wanted.get(name) != given]
        closed = [name for name in gone if self._close(name, ends_calls)]
        for name in closed:
            del self._on[name]
        runtime.settings = replace(
            runtime.settings,
            plugins=settings.plugins,
            disabled_plugins=settings.disabled_plugins,
            enabled_plugins=settings.enabled_plugins,
        )
        coming = [name for name in wanted if name not in self._on]
        for name in coming:
            self._bring_in(name)
            self._on[name] = wanted[name]
        if closed or coming:
            runtime.contributions_changed()
            self._swap()
        if len(closed) == len(gone):
            runtime.release_sets.applied(number, self._problem())
        return len(closed) == len(gone)

    def _learn_of_new(self) -> None:
        """Plugins that were installed while we run are there to be enabled."""
        host = self._runtime.host
        found = discover()
        for name, manifest in found.manifests.items():
            if name not in host.manifests:
                host.manifests[name], host.statuses[name] = manifest, found.statuses[name]
                host.statuses[name].stand(PluginState.DISABLED)

    def _bring_in(self, name: str) -> None:
        runtime, host = self._runtime, self._runtime.host
        host.statuses[name].stand(PluginState.DISABLED)
        if not host.import_only(name):
            return
        try:
            migrate.upgrade_plugin(runtime.db.engine, name, host.manifests[name].package)
        except Exception as error:
            host.mark_failed(name, N_("Its migrations could not be applied: %(error)s"), error)
            return
        host.enable(name, runtime.plugin_context)
        try:
            host.require_no_clash()
        except NameClash as error:
            host.retire(name)
            host.mark_failed(name, N_("It clashes with another: %(error)s"), error)
            return
        if runtime.engine.running:
            for backend in host.backends_of(name):
                runtime.engine.start_backend(backend)

    def _close(self, name: str, ends_calls: bool) -> bool:
        """Take a plugin out; False where calls are up over it, which end first. It answers nothing from now on."""
        runtime, host = self._runtime, self._runtime.host
        status, backends = host.statuses[name], [b for b in host.backends_of(name) if runtime.engine.works(b)]
        if backends:
            status.stand(PluginState.CLOSING, N_("It is being disabled; the calls that are up end first."))
            if ends_calls:
                self._hang_up(backends)
            if runtime.plugin_changes.open_calls(name):
                return False
            self._send_home(backends)
            for backend in backends:
                runtime.engine.stop_backend(backend)
        host.retire(name)
        return True

    def _hang_up(self, backends: list[str]) -> None:
        with self._runtime.db.read() as session:
            up = session.scalars(select(Call).where(Call.backend.in_(backends), Call.state != CallState.ENDED)).all()
        for call in up:
            try:
                self._runtime.calls.backend(call.backend).hang_up(call.customer_leg_id)
            except TelephonyError as error:
                log.info("customer leg was already gone", call_id=call.id, error=error.id)

    def _send_home(self, backends: list[str]) -> None:
        """End the shifts of agents whose stations are connected over these backends."""
        with self._runtime.db.read() as session:
            there = session.scalars(
                select(AgentSession.user_id).where(
                    AgentSession.backend.in_(backends), AgentSession.state != AgentState.OFFLINE
                )
            ).all()
        for user_id in there:
            try:
                self._runtime.agents.log_out(user_id)
            except IllegalAgentMove as error:
                log.warning("agent is still in a call", agent_id=user_id, error=error.id)

    def _problem(self) -> str:
        """Which enabled plugins do not work, for the set's record; empty where all do."""
        statuses, installed = self._runtime.host.statuses, discover().manifests
        told = [f"{s.name}: {s.note}" for n in self._on if (s := statuses[n]).state is PluginState.FAILED]
        for name, manifest in installed.items():
            if name in self._on and manifest.version != statuses[name].version:
                # A module that is imported stays as it is: only a new process runs the new code.
                told.append(f"{name}: {statuses[name].version} runs until the server is restarted.")
        return " ".join(told)


def _wanted(settings: Settings) -> dict[str, Given]:
    """The plugins that these settings enable and what is installed for, each with what it is given."""
    found = discover_for(settings)
    out = (PluginState.DISABLED, PluginState.UNAVAILABLE)
    return {
        name: dict(settings.plugins.get(name, {})) for name in found.manifests if found.statuses[name].state not in out
    }
