"""What the far end says and how it listens: tones, clips, comfort noise, ringback; energy at given frequencies."""

from __future__ import annotations

import math
import random
import sys
import wave
from array import array
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Protocol

from . import g711
from .errors import FarEndConfigInvalid

RATE = 8000
FRAME = 160  # 20 ms


class Source(Protocol):
    """Something that is said into a call, frame by frame."""

    def next_frame(self, payload_type: int) -> bytes | None:
        """The next 20 ms as G.711; None to send nothing this time."""
        ...


class Sound:
    """Linear samples, encoded once per codec. Shared by every call that plays it."""

    def __init__(self, samples: array[int]) -> None:
        if len(samples) % FRAME or not samples:
            samples = samples + array("h", [0] * (FRAME - len(samples) % FRAME))
        self.samples = samples
        self._encoded: dict[int, bytes] = {}

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / RATE

    def frame(self, index: int, payload_type: int) -> bytes:
        """20 ms of it; `index` counts round and round."""
        encoded = self._encoded.get(payload_type)
        if encoded is None:
            encoded = self._encoded[payload_type] = g711.encode(self.samples, payload_type)
        start = index * FRAME % len(encoded)
        return encoded[start : start + FRAME]


class Playing:
    """One call's position in a sound; after a sound that does not repeat comes silence."""

    def __init__(self, sound: Sound, *, repeat: bool) -> None:
        self._sound = sound
        self._frames = len(sound.samples) // FRAME
        self._repeat = repeat
        self._index = 0

    def next_frame(self, payload_type: int) -> bytes:
        """The next 20 ms."""
        if not self._repeat and self._index >= self._frames:
            return bytes([g711.SILENCE[payload_type]]) * FRAME
        self._index += 1
        return self._sound.frame(self._index - 1, payload_type)


class Echo:
    """Says what it hears, one frame later; sends nothing while nothing comes."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=5)

    def heard(self, payload: bytes) -> None:
        """Take a received frame."""
        self._frames.append(payload)

    def next_frame(self, payload_type: int) -> bytes | None:
        """The oldest frame heard and not yet said."""
        return self._frames.popleft() if self._frames else None


@lru_cache(maxsize=64)
def tone(frequency: float, amplitude: float = 0.3) -> Sound:
    """A sine, seamless at whole hertz; `amplitude` is 0..1 of full scale."""
    peak = amplitude * 32767
    return Sound(array("h", [round(peak * math.sin(math.tau * frequency * n / RATE)) for n in range(RATE)]))


@lru_cache(maxsize=1)
def ringback() -> Sound:
    """The tone a caller hears while it rings in Poland: 425 Hz, 1 s on, 4 s off."""
    return Sound(tone(425, 0.2).samples + array("h", [0] * RATE * 4))


@lru_cache(maxsize=1)
def comfort() -> Sound:
    """Near-silence with a little noise in it, so that the line does not seem dead."""
    chance = random.Random(1)  # noqa: S311  (noise, not a secret)
    return Sound(array("h", [chance.randint(-12, 12) for _ in range(RATE)]))


@lru_cache(maxsize=1)
def silence() -> Sound:
    """Digital silence."""
    return Sound(array("h", [0] * FRAME))


def clip_names() -> list[str]:
    """The clips that come with Hookline."""
    folder = resources.files(__package__).joinpath("clips")
    return sorted(item.name.removesuffix(".wav") for item in folder.iterdir() if item.name.endswith(".wav"))


@lru_cache(maxsize=32)
def clips(names: tuple[str, ...], pause_seconds: float = 1.0) -> Sound:
    """Clips one after the other, each followed by a pause. A name is one of `clip_names()` or a WAV file's path.

    Raises:
        FarEndConfigInvalid: there is no such clip, or it is not 8 kHz mono 16-bit.
    """
    pause = array("h", [0] * round(pause_seconds * RATE))
    samples = array("h")
    for name in names:
        samples += _read_clip(name) + pause
    return Sound(samples)


def _read_clip(name: str) -> array[int]:
    shipped = name in clip_names()
    try:
        if shipped:
            with resources.files(__package__).joinpath("clips", f"{name}.wav").open("rb") as stream:
                return _read_wav(stream)
        with Path(name).open("rb") as stream:
            return _read_wav(stream)
    except (OSError, EOFError, ValueError, wave.Error) as error:
        known = ", ".join(clip_names())
        raise FarEndConfigInvalid(
            f"The clip {name!r} cannot be played: {error}.",
            f"Name a WAV file of 8 kHz, mono, 16 bit, or one of the clips that come along: {known}.",
        ) from error


def _read_wav(stream: wave._File) -> array[int]:
    with wave.open(stream, "rb") as reader:
        shape = (reader.getnchannels(), reader.getsampwidth(), reader.getframerate())
        if shape != (1, 2, RATE):
            raise ValueError(f"it has {shape[0]} channels of {shape[1] * 8} bit at {shape[2]} Hz")
        samples = array("h")
        samples.frombytes(reader.readframes(reader.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def energy_share(samples: Sequence[int], frequency: float) -> float:
    """The share (0..1) of the samples' energy that lies at one frequency, by Goertzel; 1 for a pure tone."""
    total = sum(sample * sample for sample in samples)
    if not total:
        return 0.0
    coefficient = 2 * math.cos(math.tau * frequency / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    return 2 * power / (len(samples) * total)


def level(samples: Sequence[int]) -> float:
    """Root mean square, 0..1 of full scale."""
    if not samples:
        return 0.0
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples)) / 32768
