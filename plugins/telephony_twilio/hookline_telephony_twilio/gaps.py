"""A fetched recording made Hookline's: where it was paused, a short tone is put in."""

from __future__ import annotations

import math
import struct
import wave
from collections.abc import Sequence
from pathlib import Path

MARK_HZ = 1400
MARK_SECONDS = 0.2
_LOUDNESS = 6000

Gaps = tuple[tuple[float, float], ...]


def finish_wav(path: Path, gaps: Sequence[tuple[float, float]]) -> tuple[float, Gaps]:
    """Mark the gaps in a WAV of 16 bit samples; its length in seconds, and the gaps as they lie in it now.

    Raises wave.Error or EOFError for what is none.
    """
    with wave.open(str(path), "rb") as file:
        shape = file.getparams()
        if not gaps:
            return shape.nframes / shape.framerate, ()
        frames = file.readframes(shape.nframes)
    width, rate = shape.sampwidth * shape.nchannels, shape.framerate
    mark = _mark(rate, shape.nchannels)
    pieces, told, taken = [], [], 0
    for number, (second, length) in enumerate(sorted(gaps)):
        until = min(len(frames), round(second * rate) * width)
        pieces += [frames[taken:until], mark]
        told.append((until / width / rate + number * MARK_SECONDS, length))
        taken = until
    whole = b"".join([*pieces, frames[taken:]])
    with wave.open(str(path), "wb") as file:
        file.setparams(shape)
        file.writeframes(whole)
    return len(whole) / width / rate, tuple(told)


def _mark(rate: int, channels: int) -> bytes:
    count = round(MARK_SECONDS * rate)
    samples = (round(_LOUDNESS * math.sin(2 * math.pi * MARK_HZ * i / rate)) for i in range(count))
    return b"".join(struct.pack("<h", sample) * channels for sample in samples)
