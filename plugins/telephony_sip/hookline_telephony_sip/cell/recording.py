"""One recording in the cell. pjmedia closes the file some time after it was told to, and only then is it whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pjsua2 as pj

from hookline_telephony_sip.wav import read_lengths, repair

_CLOSE_SECONDS = 2.0


class Recording:
    """A recorder with its file. Raises pj.Error where the file cannot be made."""

    def __init__(self, name: str, leg: str, path: Path) -> None:
        self.name = name
        self.leg = leg
        self._path = path
        self._recorder: Any = pj.AudioMediaRecorder()
        self._recorder.createRecorder(str(path))
        self._deadline: float | None = None

    @property
    def port(self) -> Any:
        """The conference port, or None once closing."""
        return self._recorder

    @property
    def closing(self) -> bool:
        """Whether it was told to close."""
        return self._deadline is not None

    def close(self, now: float) -> None:
        """Let the library close the file."""
        self._recorder = None
        self._deadline = now + _CLOSE_SECONDS

    def finished(self, now: float, clock_rate: int) -> tuple[float, bool] | None:
        """(seconds, complete) once the file is whole, or given up on; None while it is being closed."""
        if self._deadline is None:
            return None
        lengths = read_lengths(self._path)
        if lengths is not None and lengths.closed:
            return lengths.seconds, True
        if now < self._deadline:
            return None
        return repair(self._path, clock_rate), False
