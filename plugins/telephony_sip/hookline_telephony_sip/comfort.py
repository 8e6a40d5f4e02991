"""What a leg on hold hears where no hold music is set: a breath of noise, so that the line does not seem dead."""

from __future__ import annotations

import random
import struct
from pathlib import Path

from hookline_telephony_sip.wav import wav_header

_SECONDS = 4
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
