"""The sounds that a cell makes itself: a breath of noise, silence, and a ring tone where the network sends none."""

from __future__ import annotations

import math
import random
import struct
from pathlib import Path

from hookline_telephony_sip.wav import wav_header

_SECONDS = 4
_RING_HZ = 425
_RING_SECONDS = (1.0, 4.0)
_RING_AMPLITUDE = 3000
_AMPLITUDE = 40  # of 32767: about -60 dBFS, there but not a sound


def write_comfort(path: Path, clock_rate: int) -> None:
    """Write the looping noise as a 16 bit mono WAV file. Raises OSError."""
    noise = random.Random(1)  # noqa: S311 - the same breath every time, not a secret
    count = _SECONDS * clock_rate
    samples = struct.pack(f"<{count}h", *(noise.randint(-_AMPLITUDE, _AMPLITUDE) for _ in range(count)))
    path.write_bytes(wav_header(clock_rate, len(samples)) + samples)


def write_silence(path: Path, clock_rate: int) -> None:
    """Write one second of silence, which keeps a recording's clock running. Raises OSError."""
    path.write_bytes(wav_header(clock_rate, clock_rate * 2) + bytes(clock_rate * 2))


def write_ringback(path: Path, clock_rate: int) -> None:
    """Write the ring tone of Poland and most of Europe: 425 Hz, one second in five. Raises OSError."""
    count = round(_RING_SECONDS[0] * clock_rate)
    tone = [round(_RING_AMPLITUDE * math.sin(2 * math.pi * _RING_HZ * at / clock_rate)) for at in range(count)]
    samples = struct.pack(f"<{count}h", *tone) + bytes(2 * round(_RING_SECONDS[1] * clock_rate))
    path.write_bytes(wav_header(clock_rate, len(samples)) + samples)
