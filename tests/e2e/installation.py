"""An installation as an integrator makes it: by the commands, served by `hookline serve`, calling the far end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Self

HOOKLINE = Path(sys.executable).with_name("hookline")
START_SECONDS = 60
PASSWORD = "browser test pass"


class Installation:
    """Runs `hookline serve` in a folder of its own; `url` answers once `serve` was called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "password").write_text(PASSWORD, "utf-8")
        self._server: subprocess.Popen[bytes] | None = None
        self._log = folder / "serve.log"

    def run(self, *arguments: str) -> str:
        """Run a `hookline` command to its end; its output."""
        done = subprocess.run(
            [str(HOOKLINE), *arguments],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"hookline {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def serve(self) -> Self:
        """Start the server and wait until it answers."""
        command = [str(HOOKLINE), "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(command, env=self._environment(), stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._server.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
        return self

    def stop(self) -> None:
        """Stop the server as an operator does."""
        if self._server is not None:
            self._server.send_signal(signal.SIGTERM)
            self._server.wait(timeout=30)
            self._server = None

    def kill(self) -> None:
        """Kill the server and its children, as a power cut would."""
        assert self._server is not None
        children = subprocess.run(["pgrep", "-P", str(self._server.pid)], capture_output=True, text=True, check=False)
        for pid in (self._server.pid, *map(int, children.stdout.split())):
            os.kill(pid, signal.SIGKILL)
        self._server.wait(timeout=10)
        self._server = None

    def log_text(self) -> str:
        """What the server logged."""
        return self._log.read_text()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "HOOKLINE_HOME": str(self.folder)}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
