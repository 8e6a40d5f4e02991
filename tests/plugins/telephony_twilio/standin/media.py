"""Sounds as the stand-in knows them: by the pitches in them."""

from __future__ import annotations

import io
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from hookline.testing.tones import write_stereo_tones, write_tones

LOUD = 0.02
"""From which share of full scale a pitch counts as heard."""


@dataclass(frozen=True)
class Sound:
    """A sound that was fetched: how long it is, and its pitches (Hz)."""

    seconds: float
    pitches: frozenset[int]


SILENCE = Sound(0.0, frozenset())


class NoSound(ValueError):
    """Not a WAV that can be played."""


@lru_cache(maxsize=256)
def analysed(data: bytes) -> Sound:
    """The sound in a WAV file; NoSound where it is none."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate, width, count = file.getframerate(), file.getsampwidth(), file.getnchannels()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise NoSound(f"not a WAV file: {error}") from error
    if width != 2:
        raise NoSound(f"{width * 8} bits per sample")
    samples = np.frombuffer(frames, "<i2").reshape(-1, count).mean(axis=1)
    spectrum = 2 * np.abs(np.fft.rfft(samples)) / max(1, len(samples)) / 32768
    pitches = np.fft.rfftfreq(len(samples), 1 / rate)[spectrum > LOUD] if len(samples) else ()
    return Sound(len(samples) / rate, frozenset(round(float(pitch)) for pitch in pitches))


Piece = tuple[float, frozenset[int], frozenset[int]]
"""So many seconds of these pitches on the left and those on the right."""


def wav(pieces: Sequence[Piece], channels: int) -> bytes:
    """The recording of what was said, of one channel or of two."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.wav"
        if channels == 2:
            write_stereo_tones(path, [(seconds, sorted(left), sorted(right)) for seconds, left, right in pieces])
        else:
            write_tones(path, [(seconds, sorted(left | right)) for seconds, left, right in pieces])
        return path.read_bytes()
