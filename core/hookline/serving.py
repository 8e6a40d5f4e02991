"""Whether a server runs this installation now: asked from beside it."""

from __future__ import annotations

import fcntl
from pathlib import Path

from hookline.bootstrap import Runtime
from hookline.errors import Conflict

LOCK_NAME = "serve.lock"


def is_served(runtime: Runtime) -> bool:
    """Whether some process serves this data folder, or runs the engine on this database."""
    if _is_locked(runtime.settings.data_dir / LOCK_NAME):
        return True
    try:
        runtime.require_alone()
    except Conflict:
        return True
    return False


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
