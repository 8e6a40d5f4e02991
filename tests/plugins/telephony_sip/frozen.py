"""A cell that is held up for a moment, as on a busy machine: it then reads at once what has come meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hookline.testing.telephony_rig import EventLog


@contextmanager
def frozen(pid: int | None) -> Iterator[None]:
    """The process stands still. It is killed as stuck where that lasts for seconds."""
    assert pid is not None, "there is no cell"
    os.kill(pid, signal.SIGSTOP)
    try:
        stands = EventLog().wait_for(lambda: _state(pid) == "T", 5.0, look_every=0.01)
        assert stands
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
