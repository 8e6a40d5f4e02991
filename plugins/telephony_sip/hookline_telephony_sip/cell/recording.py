"""One recording in the cell: pieces of two mono files each, the customer's side and the other, put together at the
end. The library closes a file some time after it was told to, and only then is it whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pjsua2 as pj

from hookline_telephony_sip.cell.line import Facts, RecordingAssembled
from hookline_telephony_sip.pieces import Assembled, assemble, lock, piece_paths
from hookline_telephony_sip.wav import read_lengths

_CLOSE_SECONDS = 2.0


class Recording:
    """Recorders with their files. Raises pj.Error, OSError where a file cannot be made."""

    def __init__(self, name: str, leg: str, path: Path) -> None:
        self.name = name
        self.leg = leg
        self._path = path
        self._pieces = 0
        self._left: Any = None
        self._right: Any = None
        self._deadline: float | None = None
        self._paused_at: float | None = None
        self._pauses: list[float] = []
        self._assembling = False
        self._open_piece()
        # Whoever starts while this cell still ends its calls must not put together what is being written.
        self._lock = lock(path)

    @property
    def piece(self) -> str:
        """The name under which the present piece's ports are connected."""
        return f"{self.name}.{self._pieces}"

    @property
    def runs(self) -> bool:
        """Whether what is said goes in."""
        return self._left is not None

    @property
    def closing(self) -> bool:
        """Whether it was told to close."""
        return self._deadline is not None

    def port(self, side: str) -> Any:
        """The conference port of one side, None while paused and once closing."""
        return self._left if side == "left" else self._right

    def pause(self, on: bool, now: float) -> None:
        """Leave out what is said from now on, or go on. Raises pj.Error. The mixer must have forgotten the piece."""
        if self.closing or on is (self._paused_at is not None):
            return
        if on:
            self._drop()
            self._paused_at = now
        else:
            self._end_pause(now)
            self._open_piece()

    def close(self, now: float) -> None:
        """Let the library close the files."""
        self._end_pause(now)
        self._drop()
        self._deadline = now + _CLOSE_SECONDS

    def assemble_when_closed(self, now: float, clock_rate: int, facts: Facts) -> None:
        """Once the files are whole, or given up on, put them together in a thread; a fact tells of the end."""
        if self._deadline is None or self._assembling:
            return
        if not self._whole() and now < self._deadline:
            return
        self._assembling = True
        complete = self._whole()

        def work() -> None:
            done = assemble(self._path, clock_rate, self._pauses)
            os.close(self._lock)
            facts.append(RecordingAssembled(self.name, Assembled(done.seconds, done.gaps, complete and done.complete)))

        threading.Thread(target=work, name="assemble", daemon=True).start()

    def _whole(self) -> bool:
        paths = [path for number in range(1, self._pieces + 1) for path in piece_paths(self._path, number)]
        return all((lengths := read_lengths(path)) is not None and lengths.closed for path in paths)

    def _open_piece(self) -> None:
        self._pieces += 1
        left, right = piece_paths(self._path, self._pieces)
        self._left, self._right = pj.AudioMediaRecorder(), pj.AudioMediaRecorder()
        self._left.createRecorder(str(left))
        self._right.createRecorder(str(right))

    def _drop(self) -> None:
        self._left = self._right = None

    def _end_pause(self, now: float) -> None:
        if self._paused_at is not None:
            self._pauses.append(now - self._paused_at)
            self._paused_at = None
