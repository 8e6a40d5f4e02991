"""Sound files: read, brought to telephone quality, compressed without trust, and measured for the player."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from hookline.errors import InvalidInput
from hookline.text import N_

PEAKS = 400
"""Into how many pieces a recording is cut for the player's waveform."""

_BLOCK = 1 << 16
_RATES = (8000, 16000)
_TAPS = 101
#: Codec -> soundfile's words for it and the ending of its files.
CODECS = {"wav": ("WAV", "PCM_16", ".wav"), "flac": ("FLAC", "PCM_16", ".flac"), "opus": ("OGG", "OPUS", ".opus")}
MIME_TYPES = {"wav": "audio/wav", "flac": "audio/flac", "opus": "audio/ogg"}


class NotTheSame(Exception):
    """A compressed file does not hold what was compressed."""


@dataclass(frozen=True)
class Measured:
    """A sound file's length, and per channel the loudest of each of `PEAKS` equal pieces, 0 to 100."""

    seconds: float
    peaks: list[list[int]]


def to_prompt(source: Path, target: Path, longest_seconds: float) -> tuple[float, int]:
    """Write what `source` says as a mono 16-bit WAV of 8000 or 16000 Hz; its seconds and rate.

    Raises InvalidInput for what is no sound, silence, and what is too long.
    """
    try:
        with soundfile.SoundFile(str(source)) as file:
            if file.frames / file.samplerate > longest_seconds:
                raise InvalidInput(
                    N_("The sound is longer than %(seconds)s seconds."),
                    N_("Cut it, or choose a shorter one."),
                    params={"seconds": round(longest_seconds)},
                )
            samples = file.read(dtype="float32", always_2d=True).mean(axis=1)
            rate = file.samplerate
    except soundfile.LibsndfileError as error:
        raise InvalidInput(
            N_("The file is no sound that can be read."), N_("Choose a WAV, FLAC, MP3 or Ogg file.")
        ) from error
    if not samples.size or float(np.abs(samples).max()) < 0.001:
        raise InvalidInput(N_("The file holds no sound, or only silence."), N_("Choose another file."))
    if rate not in _RATES:
        samples, rate = _resampled(samples, rate, 16000 if rate > 8000 else 8000)
    soundfile.write(str(target), np.clip(samples, -1.0, 1.0), rate, format="WAV", subtype="PCM_16")
    return samples.size / rate, rate


def _resampled(samples: Any, rate: int, wanted: int) -> tuple[Any, int]:
    """At another rate: what the new rate cannot carry is filtered off first, so that it does not come back as noise."""
    cutoff = 0.45 * min(wanted / rate, 1.0)
    n = np.arange(_TAPS) - (_TAPS - 1) / 2
    window = 2 * cutoff * np.sinc(2 * cutoff * n) * np.hamming(_TAPS)
    smooth = np.convolve(samples, window / window.sum(), mode="same")
    moments = np.arange(math.floor(smooth.size * wanted / rate)) * (rate / wanted)
    return np.interp(moments, np.arange(smooth.size), smooth).astype("float32"), wanted


def measure(path: Path) -> Measured:
    """Read the whole file once. Raises InvalidInput for what is no sound."""
    try:
        with soundfile.SoundFile(str(path)) as file:
            frames, rate, channels = file.frames, file.samplerate, file.channels
            peaks = np.zeros((channels, PEAKS))
            at = 0
            for block in _blocks(file):
                pieces = np.minimum((np.arange(at, at + len(block)) * PEAKS) // max(frames, 1), PEAKS - 1)
                for channel in range(channels):
                    np.maximum.at(peaks[channel], pieces, np.abs(block[:, channel].astype("int32")))
                at += len(block)
    except soundfile.LibsndfileError as error:
        raise InvalidInput(N_("The file is no sound that can be read.")) from error
    return Measured(frames / rate, [[round(value / 327.68) for value in channel] for channel in peaks.tolist()])


def compress(source: Path, target: Path, codec: str) -> None:
    """Write `source` as FLAC or Opus, read it back, and compare: FLAC to the sample, Opus by its length.

    Raises NotTheSame (the target is then removed), InvalidInput where the source is no sound.
    """
    container, subtype, _ = CODECS[codec]
    try:
        with soundfile.SoundFile(str(source)) as sound:
            rate, channels = sound.samplerate, sound.channels
            with soundfile.SoundFile(str(target), "w", rate, channels, subtype, format=container) as written:
                for block in _blocks(sound):
                    written.write(block)
        same = _same_samples(source, target) if codec == "flac" else _same_length(source, target)
    except soundfile.LibsndfileError as error:
        target.unlink(missing_ok=True)
        raise InvalidInput(N_("The file is no sound that can be read.")) from error
    if not same:
        target.unlink(missing_ok=True)
        raise NotTheSame(str(source.name))


def _same_samples(one: Path, other: Path) -> bool:
    with soundfile.SoundFile(str(one)) as a, soundfile.SoundFile(str(other)) as b:
        if (a.frames, a.samplerate, a.channels) != (b.frames, b.samplerate, b.channels):
            return False
        return all(bool(np.array_equal(x, y)) for x, y in zip(_blocks(a), _blocks(b), strict=True))


def _same_length(one: Path, other: Path) -> bool:
    a, b = soundfile.info(str(one)), soundfile.info(str(other))
    return bool(abs(a.duration - b.duration) < 0.1 and a.channels == b.channels)


def _blocks(file: soundfile.SoundFile) -> Iterator[Any]:
    while len(block := file.read(_BLOCK, dtype="int16", always_2d=True)):
        yield block


def make_music(path: Path, seconds: float = 16.0) -> None:
    """Write quiet music for whoever has none of his own: slow chords that end where they begin."""
    rate = 8000
    chords = ((261.6, 329.6, 392.0), (220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7))
    each = int(rate * seconds / len(chords))
    time = np.arange(each) / rate
    swell = np.sin(np.pi * np.arange(each) / each) ** 0.6
    parts = [
        swell
        * sum(np.sin(2 * np.pi * hz * time + i) + 0.3 * np.sin(4 * np.pi * hz * time) for i, hz in enumerate(chord))
        for chord in chords
    ]
    _write(path, np.concatenate(parts), 0.18)


def make_busy(path: Path) -> None:
    """Write four beats of the tone that says a call goes no further (425 Hz, half a second on, half off)."""
    beat = np.sin(2 * np.pi * 425 * np.arange(4000) / 8000)
    _write(path, np.tile(np.concatenate([beat, np.zeros(4000)]), 4), 0.25)


def make_ringing(path: Path) -> None:
    """Write one ring of a telephone: 1 s on, 4 s off (425 Hz), as Polish exchanges ring."""
    _write(path, np.concatenate([np.sin(2 * np.pi * 425 * np.arange(8000) / 8000), np.zeros(32000)]), 0.2)


def _write(path: Path, samples: Any, loudness: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    soundfile.write(str(new), samples / np.abs(samples).max() * loudness, 8000, format="WAV", subtype="PCM_16")
    new.replace(path)
