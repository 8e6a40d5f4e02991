"""Telephone-quality WAV files with tones of known pitch, and how strongly a pitch sounds in one."""

from __future__ import annotations

import array
import math
import sys
import wave
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

RATE = 8000
"""Samples per second; 16 bits each."""

AGENT_TONE_HZ = 440
CUSTOMER_TONE_HZ = 1000
CONSULT_TONE_HZ = 700
SUPERVISOR_TONE_HZ = 1900
GAP_TONE_HZ = 1400


def write_tones(path: Path, pieces: Iterable[tuple[float, Sequence[int]]]) -> None:
    """Write a WAV of `pieces`, each so many seconds of the pitches (Hz) named, silence where none is.

    OSError where `path` cannot be written.
    """
    _write(path, 1, ((seconds, _second(tuple(sorted(pitches)))) for seconds, pitches in pieces))


def write_stereo_tones(path: Path, pieces: Iterable[tuple[float, Sequence[int], Sequence[int]]]) -> None:
    """Write a WAV of two channels: so many seconds of the pitches on the left and of those on the right."""
    sounds = ((seconds, _stereo_second(tuple(sorted(left)), tuple(sorted(right)))) for seconds, left, right in pieces)
    _write(path, 2, sounds)


def _write(path: Path, channels: int, sounds: Iterable[tuple[float, bytes]]) -> None:
    with path.open("wb") as stream, wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for seconds, second in sounds:
            whole, rest = divmod(round(seconds * RATE), RATE)
            file.writeframes(second * whole + second[: rest * 2 * channels])


def wav_seconds(path: Path) -> float:
    """The length of a WAV file. `wave.Error` or `EOFError` where it is not a readable one."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


def channels(path: Path) -> int:
    """How many channels a WAV file has."""
    with wave.open(str(path), "rb") as file:
        return file.getnchannels()


def level(path: Path, hz: int, channel: int | None = None) -> float:
    """How strongly the pitch `hz` sounds over the whole of a 16-bit WAV: 0 not at all, 1 a full-scale tone.

    On one channel (0 is left), or on the one on which it is loudest.
    """
    with wave.open(str(path), "rb") as file:
        count, rate = file.getnchannels(), file.getframerate()
        samples = _samples(file.readframes(file.getnframes()))
    asked = range(count) if channel is None else (channel,)
    return max(_level(samples[number::count], hz, rate) for number in asked)


def _level(samples: array.array[int], hz: int, rate: int) -> float:
    if not samples:
        return 0.0
    # Goertzel's algorithm: one bin of a Fourier transform, without a library.
    factor = 2 * math.cos(2 * math.pi * hz / rate)
    last = before = 0.0
    for sample in samples:
        last, before = sample + factor * last - before, last
    power = max(0.0, last * last + before * before - factor * last * before)
    return 2 * math.sqrt(power) / len(samples) / 32768


@cache
def _stereo_second(left: tuple[int, ...], right: tuple[int, ...]) -> bytes:
    both = array.array("h", bytes(4 * RATE))
    both[0::2], both[1::2] = array.array("h", _second(left)), array.array("h", _second(right))
    return both.tobytes()


@cache
def _second(pitches: tuple[int, ...]) -> bytes:
    """One second of the pitches; being whole numbers of Hz, they join the next second without a click."""
    loudness = 0.5 / max(1, len(pitches)) * 32767
    samples = (round(loudness * sum(math.sin(2 * math.pi * hz * at / RATE) for hz in pitches)) for at in range(RATE))
    return _little_endian(array.array("h", samples)).tobytes()


def _samples(frames: bytes) -> array.array[int]:
    return _little_endian(array.array("h", frames))


def _little_endian(samples: array.array[int]) -> array.array[int]:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
