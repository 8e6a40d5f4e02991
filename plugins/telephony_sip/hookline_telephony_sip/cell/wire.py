"""A wire: the sound of one leg between two cells, as plain samples in datagrams.

It takes none of the library's few calls, needs no signalling, and is there at once. Both ends are bound in a folder
that only our user can enter.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from pathlib import Path
from typing import Any, ClassVar

import pjsua2 as pj

from hookline_telephony_sip.cell.line import CallState, Facts, Sound, SoundChanged, StateChanged

FRAME_MICROSECONDS = 20_000
_MOST_WAITING = 4  # frames; the oldest goes, so that a slip of one clock never becomes a lasting delay
_PRIME = 2  # frames before the first is played: the two clocks tick at different moments
_DATAGRAM = 4096


class WirePort(pj.AudioMediaPort):  # type: ignore[misc]
    """The port of one end. Its two callbacks run on the library's clock thread: they move bytes and nothing else."""

    def __init__(self, name: str, clock_rate: int, here: str, there: str) -> None:
        super().__init__()
        self._there = there
        self._frame_bytes = clock_rate * FRAME_MICROSECONDS // 1_000_000 * 2
        self._silence = bytes(self._frame_bytes)
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._primed = False
        self._here = Path(here)
        self._here.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(here)
        self.createPort(name[:30], audio_format(clock_rate))

    def onFrameReceived(self, frame: Any) -> None:
        """Send what this side says; the far cell may not be there yet, or any more."""
        if frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO:
            with contextlib.suppress(OSError):
                self._socket.sendto(bytes(frame.buf), self._there)

    def onFrameRequested(self, frame: Any) -> None:
        """Hand out what the other side said."""
        self._take_in()
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = pj.ByteVector(self._next())

    def close(self) -> None:
        """No more sound; the port itself goes with the last reference."""
        self._socket.close()
        self._here.unlink(missing_ok=True)

    def _take_in(self) -> None:
        with contextlib.suppress(OSError):  # nothing more waits, or it is closed
            while True:
                data = self._socket.recv(_DATAGRAM)
                if len(data) == self._frame_bytes:
                    self._waiting.append(data)

    def _next(self) -> bytes:
        if not self._primed:
            self._primed = len(self._waiting) >= _PRIME
        if not self._primed or not self._waiting:
            self._primed = False
            return self._silence
        return self._waiting.popleft()


class Wire:
    """The leg's line in the cell where its conversation is; a `line.Line`."""

    tells_hold: ClassVar[bool] = False

    def __init__(self, leg: str, facts: Facts, port: WirePort) -> None:
        self._leg = leg
        self._facts = facts
        self._port: WirePort | None = port
        facts.append(SoundChanged(leg, Sound.ACTIVE))

    def end(self) -> None:
        """Close this end."""
        if self._port is not None:
            self._port.close()
            self._port = None
            self._facts.append(StateChanged(self._leg, CallState.GONE))

    def port(self) -> Any:
        """The port."""
        return self._port

    def send_digits(self, digits: str) -> None:
        """Digits are sent where the call is."""

    def offer_hold(self, on: bool) -> None:
        """Hold is told where the call is."""

    def received(self) -> tuple[int, int]:
        """Counted where the call is."""
        return 0, 0


def audio_format(clock_rate: int) -> Any:
    """16 bit mono in frames of 20 ms."""
    form = pj.MediaFormatAudio()
    form.type = pj.PJMEDIA_TYPE_AUDIO
    form.clockRate = clock_rate
    form.channelCount = 1
    form.bitsPerSample = 16
    form.frameTimeUsec = FRAME_MICROSECONDS
    return form
