"""Sound files that Twilio fetches from us: each under a name that nobody can guess, for as long as it is needed."""

from __future__ import annotations

import io
import math
import secrets
import struct
import threading
import wave
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hookline_telephony_twilio.errors import UnplayableSound

_RATES = (8000, 16000)
_RATE = 8000
_LOUDNESS = 8000
RINGBACK = "ringback"
HOLD_MUSIC = "hold"
"""The names under which the ringing tone and the music for the queue are always there."""


class Sounds:
    """Names files and finds them again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: dict[str, Path] = {}

    def name(self, path: Path) -> str:
        """A new name for the file. Raises UnplayableSound."""
        check_sound(path)
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._paths[token] = path
        return token

    def forget(self, token: str) -> None:
        """The name leads nowhere from now on."""
        with self._lock:
            self._paths.pop(token, None)

    def read(self, token: str) -> bytes | None:
        """What the file of that name holds; None where there is none."""
        if token in _OWN:
            return _OWN[token]()
        with self._lock:
            path = self._paths.get(token)
        try:
            return path.read_bytes() if path is not None else None
        except OSError:
            return None


def check_sound(path: Path) -> None:
    """Raises UnplayableSound for what is no mono WAV file of telephone quality."""
    try:
        with wave.open(str(path), "rb") as file:
            plain = file.getnchannels() == 1 and file.getsampwidth() == 2 and file.getframerate() in _RATES
            frames = file.getnframes()
    except (OSError, EOFError, wave.Error) as error:
        raise UnplayableSound from error
    if not plain or not frames:
        raise UnplayableSound


@cache
def ringback() -> bytes:
    """A second of the European ringing tone and four of silence."""
    return _wav([*_tone([425], 1.0), *([0] * 4 * _RATE)])


@cache
def hold_music() -> bytes:
    """A quiet broken chord, for who waits in a queue."""
    chord = (262, 330, 392, 523, 392, 330)
    return _wav([sample for hz in chord * 4 for sample in _tone([hz, hz * 2], 0.5)])


_OWN = {RINGBACK: ringback, HOLD_MUSIC: hold_music}


def _tone(pitches: Sequence[int], seconds: float) -> list[int]:
    count = round(seconds * _RATE)
    swell = 400  # samples: without it every tone would begin and end with a click
    return [
        round(
            _LOUDNESS
            / len(pitches)
            * min(1.0, i / swell, (count - i) / swell)
            * sum(math.sin(2 * math.pi * hz * i / _RATE) for hz in pitches)
        )
        for i in range(count)
    ]


def _wav(samples: Sequence[int]) -> bytes:
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return whole.getvalue()
