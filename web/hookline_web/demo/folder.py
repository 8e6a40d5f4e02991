"""The demo's folder: made once, used again, begun anew only when somebody says so."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hookline_web.demo.errors import DemoRuns, NotADemo

_MARK = "demo.json"
_SETTINGS = """\
# The demo's settings. It listens on 127.0.0.1 only and its passwords are known: never put it on a network.
data_dir = "data"
host = "127.0.0.1"

[plugins.telephony_sip]
bind_address = "127.0.0.1"
warm_cells = 2
"""


class DemoFolder:
    """Where the demo lives. `path` is absolute."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    @property
    def seeded(self) -> bool:
        """Whether the demo's people and campaigns are all there."""
        return bool(self._read().get("seeded"))

    @contextmanager
    def opened(self, *, fresh: bool) -> Iterator[None]:
        """Prepare the folder and hold it; a seeding that was interrupted is begun anew.

        Raises NotADemo where the folder holds something else, DemoRuns where a demo runs in it.
        """
        self._require_own()
        self.path.mkdir(parents=True, exist_ok=True)
        with self._held():
            if fresh or not self.seeded:
                self._clear()
            self._write({"seeded": self.seeded})
            settings = self.path / "hookline.toml"
            if not settings.exists():
                settings.write_text(_SETTINGS, encoding="utf-8")
            yield

    def mark_seeded(self) -> None:
        """Everything is there: the next start uses it."""
        self._write({"seeded": True})

    def file(self, name: str) -> Path:
        """A file in the folder."""
        return self.path / name

    def _require_own(self) -> None:
        if self.path.is_dir() and any(self.path.iterdir()) and not self.file(_MARK).exists():
            raise NotADemo(
                f"{self.path} holds something that is not the demo's.", "Name an empty folder: --folder var/demo."
            )

    @contextmanager
    def _held(self) -> Iterator[None]:
        lock = os.open(self.path, os.O_RDONLY)  # the folder itself: there is no file to leave behind
        try:
            self._lock(lock)
            yield
        finally:
            os.close(lock)

    def _lock(self, folder: int) -> None:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoRuns(
                f"A demo runs in {self.path} already.", "Use that one, stop it, or name another folder with --folder."
            ) from error

    def _clear(self) -> None:
        for item in self.path.iterdir():
            if item.is_dir() and not item.is_symlink():
                shutil.rmtree(item)
            else:
                item.unlink()

    def _read(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.file(_MARK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def _write(self, state: dict[str, Any]) -> None:
        self.file(_MARK).write_text(json.dumps(state), encoding="utf-8")
