"""The embedded web server: gunicorn with one worker process, which holds the engine, and many threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication

from hookline.bootstrap import Runtime
from hookline_web.swapping import LiveApp

#: Each open page's stream holds a thread; the rest answer requests.
_THREADS = 256


class Server(BaseApplication):  # type: ignore[misc]
    """Serves one installation. The runtime is built in the worker: engines do not survive a fork."""

    def __init__(self, make_runtime: Callable[[], Runtime], bind: str) -> None:
        self._make_runtime = make_runtime
        self._bind = bind
        self._runtime: Runtime | None = None
        self._live: LiveApp | None = None
        super().__init__()

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

    def _started(self, _worker: Any) -> None:
        if self._runtime is not None and self._live is not None:
            self._runtime.start()
            self._live.plugins.start()

    def _ended(self, _server: Any, _worker: Any) -> None:
        if self._live is not None:
            self._live.close()  # the process waits for the streams' threads
        if self._runtime is not None:
            self._runtime.stop()
            self._runtime.close()
