"""The demo's processes: the far end and the server, each in a session of its own so that Ctrl-C reaches only us."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any, Self

from hookline_web.demo import commands
from hookline_web.demo.errors import PartStopped

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.2
_LAST_WORDS = 12
_HOOKLINE = "import sys; from hookline.cli import main; sys.exit(main())"


class Part:
    """A running `hookline …` process that writes to a log. Use as a context manager; leaving it stops the process."""

    def __init__(self, title: str, home: Path, log: Path, *arguments: str, reads: bool = False) -> None:
        self.title = title
        self.log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
                [sys.executable, "-c", _HOOKLINE, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if reads else file,
                stderr=file,
                env=commands.environment(home),
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it in good order, by force where it does not go."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self.running:
            self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def died(self) -> PartStopped:
        """What to say when it has ended by itself."""
        words = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_WORDS:]
        said = "\n".join(f"    {line}" for line in words) or "    nothing"
        return PartStopped(
            f"{self.title} has stopped by itself (exit code {self._process.poll()}). Its last words:\n{said}",
            f"All of them are in {self.log}. Start the demo again; with --fresh if it stops again.",
        )

    def first_line(self) -> dict[str, Any]:
        """The JSON object that it prints first. Raises PartStopped."""
        stream: IO[bytes] | None = self._process.stdout
        assert stream is not None, "made with reads=True"
        deadline, line = time.monotonic() + _START_SECONDS, b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(stream.fileno(), 65536) if ready else b""
            if not part:
                raise self.died()
            line += part
        found: dict[str, Any] = json.loads(line)
        return found

    def wait_until_it_serves(self, url: str, stop: threading.Event) -> None:
        """Wait until `url` answers, or somebody asks to stop. Raises PartStopped."""
        deadline = time.monotonic() + _START_SECONDS
        while not stop.is_set() and not _answers(url):
            if not self.running or time.monotonic() > deadline:
                raise self.died()
            stop.wait(_LOOK_SECONDS)


def watch(parts: list[Part], stop: threading.Event) -> None:
    """Wait until somebody asks to stop. Raises PartStopped as soon as one part has ended by itself."""
    while not stop.wait(_LOOK_SECONDS):
        for part in parts:
            if not part.running:
                raise part.died()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310 - our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
