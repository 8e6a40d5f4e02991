"""Starting a far end as a process of its own."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from .client import FarEndControl
from .config import load_config
from .errors import FarEndFailed

START_SECONDS = 15.0
STOP_SECONDS = 5.0


class FarEndProcess:
    """A far end that runs as long as this object is open; it also ends when this process dies.

    `network` is the address (`127.0.0.1:port`) to send calls to, `phones` maps names to SIP URIs, `control` speaks
    with it. Use as a context manager, or call `stop`.
    """

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        """Start it and wait until it listens.

        Raises:
            FarEndConfigInvalid: the configuration is wrong.
            FarEndFailed: it did not come up; the message holds what it said.
        """
        load_config(config or {})
        self._folder = tempfile.TemporaryDirectory(prefix="far-end-")
        path = Path(self._folder.name)
        (path / "config.json").write_text(json.dumps(config or {}), "utf-8")
        self._log = (path / "log").open("w+b")
        # -I is no use here: the package may come from PYTHONPATH
        command = [sys.executable, "-m", "hookline_telephony_sip.far_end", "--watch-stdin", "--config"]
        self._process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
            [*command, str(path / "config.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(item for item in sys.path if item)},
            start_new_session=True,  # Ctrl-C in the terminal is for the parent, which then stops us in order
        )
        try:
            ready = self._await_ready()
            self.network: str = ready["network"]
            self.phones: dict[str, str] = ready["phones"]
            self.control = FarEndControl(ready["control"])
        except BaseException:
            self._end_process()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def stop(self) -> int | None:
        """Hang up its calls and end it; returns its exit code. May be called twice."""
        self.control.close()
        return self._end_process()

    def log_text(self) -> str:
        """What it wrote to standard error so far; empty once it was stopped."""
        if self._log.closed:
            return ""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def _await_ready(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        deadline = time.monotonic() + START_SECONDS
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(self._process.stdout.fileno(), 65536) if readable else b""
            if not part:
                raise FarEndFailed(f"The far end did not start. It said: {self.log_text().strip() or 'nothing'}")
            line += part
        ready: dict[str, Any] = json.loads(line)
        return ready

    def _end_process(self) -> int | None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()
        self._folder.cleanup()
        return self._process.returncode
