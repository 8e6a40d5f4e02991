"""How long plugins took in their hooks, kept in the data folder: the command line asks another process than the one
that calls them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from hookline.plugin_host.timings import TimingRow

log = structlog.get_logger(__name__)

#: How often a running server writes them down.
_EVERY_SECONDS = 30.0
_FILE = "plugin_times.json"


@dataclass(frozen=True)
class TimesTaken:
    """What was written down last: when, and by which process."""

    at: datetime
    process: int
    rows: list[TimingRow]


class PluginTimes:
    """Writes down what `timings` says, in `folder`."""

    def __init__(
        self, folder: Path, timings: Callable[[], list[TimingRow]], timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = folder / _FILE
        self._timings = timings
        self._timer = timer
        self._kept_at: float | None = None

    def keep(self, *, now: bool = False) -> None:
        """Write them down, at most every 30 s unless `now`; nothing where nothing was called yet."""
        moment = self._timer()
        if not now and self._kept_at is not None and moment - self._kept_at < _EVERY_SECONDS:
            return
        self._kept_at = moment
        rows = [asdict(row) for row in self._timings()]
        if not rows:
            return
        said = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "process": os.getpid(), "rows": rows}
        draft = self._path.with_suffix(f".{os.getpid()}")
        try:
            draft.write_text(json.dumps(said), encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            log.warning("plugins' times could not be written down", error_type=type(error).__name__)


def times_taken(folder: Path) -> TimesTaken | None:
    """What was written down last in a data folder; None where nothing was, or where it cannot be read."""
    try:
        said = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        rows = [TimingRow(**row) for row in said["rows"]]
        return TimesTaken(datetime.fromisoformat(said["at"]), int(said["process"]), rows)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("plugins' times cannot be read", error_type=type(error).__name__)
        return None
