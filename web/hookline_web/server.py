"""The embedded web server: gunicorn with one worker process, which holds the engine, and many threads."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from hookline.bootstrap import Runtime
from hookline_web.swapping import LiveApp

#: Each open page's stream holds a thread; the rest answer requests.
_THREADS = 256


class DrainingArbiter(Arbiter):  # type: ignore[misc]
    """Has its worker drain before it stops; asked again, has it hurry."""

    def handle_term(self) -> None:
        """The stop signal: the worker says by `drained` that it has come to rest, and sends it once more."""
        if self.app.drained.is_set() or not self.WORKERS:
            raise StopIteration
        self.kill_workers(signal.SIGUSR2)


class Server(BaseApplication):  # type: ignore[misc]
    """Serves one installation. The runtime is built in the worker: engines do not survive a fork."""

    def __init__(self, make_runtime: Callable[[], Runtime], bind: str) -> None:
        self._make_runtime = make_runtime
        self._bind = bind
        self._runtime: Runtime | None = None
        self._live: LiveApp | None = None
        #: Shared with the worker: every call is over, or nobody waits for them any more.
        self.drained = multiprocessing.get_context("fork").Event()
        self._draining = self._asked = False
        super().__init__()

    def run(self) -> None:
        """Serve until a stop signal."""
        DrainingArbiter(self).run()

    def load_config(self) -> None:
        """Set gunicorn up; it is not configured by anything else."""
        wanted: dict[str, Any] = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": _THREADS,
            "worker_connections": 1000,
            "graceful_timeout": 2,
            "keepalive": 5,
            "proc_name": "hookline",
            "loglevel": "warning",
            "post_worker_init": self._started,
            "worker_exit": self._ended,
        }
        if "control_socket_disable" in self.cfg.settings:
            wanted["control_socket_disable"] = True
        for name, value in wanted.items():
            self.cfg.set(name, value)

    def load(self) -> LiveApp:
        """Build the runtime and its pages, in the worker."""
        self._runtime = self._make_runtime()
        self._live = LiveApp(self._runtime)
        return self._live

    def _started(self, worker: Any) -> None:
        def drain(number: int, frame: FrameType | None) -> None:
            self._drain(again=number == signal.SIGUSR2)

        def stop(number: int, frame: FrameType | None) -> None:
            if self.drained.is_set():
                worker.handle_exit(number, frame)
            else:  # whoever stops the service signals every process of it
                self._drain(again=False)

        signal.signal(signal.SIGUSR2, drain)
        signal.signal(signal.SIGTERM, stop)
        if self._runtime is not None and self._live is not None:
            self._runtime.start()
            self._live.plugins.start()

    def _drain(self, *, again: bool) -> None:
        """Let running calls end, beside the pages, which agents need for it; asked again, wait no longer."""
        runtime = self._runtime
        if runtime is None:
            return
        if self._asked:
            if again:
                runtime.desk_calls.draining.hurry()
        else:
            self._asked = again

        def run() -> None:
            try:
                runtime.desk_calls.draining.run(runtime.settings.drain_seconds)
            finally:
                self.drained.set()
                os.kill(os.getppid(), signal.SIGTERM)

        if not self._draining:
            self._draining = True
            threading.Thread(target=run, name="drain", daemon=True).start()

    def _ended(self, _server: Any, _worker: Any) -> None:
        if self._live is not None:
            self._live.close()  # the process waits for the streams' threads
        if self._runtime is not None:
            self._runtime.stop()
            self._runtime.close()
