"""Puts a recording together from its pieces: stereo, the customer left, whomever he hears right, a tone where
something was left out. The cell does it at the end of a recording; the parent where a cell died before, and whoever
starts after a machine died with both."""

from __future__ import annotations

import array
import fcntl
import math
import os
import struct
import time
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, zip_longest
from pathlib import Path

from hookline_telephony_sip.wav import HEADER_BYTES, read_lengths

GAP_TONE_SECONDS = 0.3
GAP_TONE_HZ = 1400
_LOUDNESS = 0.25
_BLOCK = 65536  # bytes of one side at a time
_SAMPLE_BYTES = 2
_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Assembled:
    """What came out. `gaps`: (second in the file, length of the pause). `complete`: there was something to take."""

    seconds: float
    gaps: tuple[tuple[float, float], ...]
    complete: bool


def piece_paths(path: Path, number: int) -> tuple[Path, Path]:
    """The files of one piece: the customer's side, and that of everybody whom he hears. Numbers begin with 1."""
    return path.with_name(f".{path.stem}.{number}.left.wav"), path.with_name(f".{path.stem}.{number}.right.wav")


def assemble(path: Path, clock_rate: int, pauses: Sequence[float] = ()) -> Assembled:
    """Write `path` from its pieces and take these away. Without any piece the recording is empty and not complete.

    `pauses`: the lengths of the pauses between them, as far as they are known. A full disk leaves the pieces where
    they are: the answer is then an empty, incomplete recording.
    """
    pieces = list(_pieces(path))
    try:
        seconds, marks = _write(path, pieces, clock_rate, len(pauses))
    except OSError:
        return Assembled(0.0, (), complete=False)
    _take_away(pieces)
    known = [*pauses, *([0.0] * len(marks))]
    return Assembled(seconds, tuple(zip(marks, known, strict=False)), complete=bool(pieces))


def lock(path: Path) -> int:
    """Say that somebody still writes the recording, until the answer (a file descriptor) is closed or he dies.

    The first piece must be there. Raises OSError.
    """
    descriptor = os.open(piece_paths(path, 1)[0], os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def mend(path: Path, clock_rate: int, patience_seconds: float) -> tuple[tuple[float, float], ...] | None:
    """Make a recording of what a dead process left, where there is something; its gaps, of unknown length.

    None where, after so long, somebody still writes it. Raises OSError.
    """
    deadline = time.monotonic() + patience_seconds
    while (descriptor := _locked(path)) is None:
        if time.monotonic() >= deadline:
            return None
        time.sleep(_LOOK_SECONDS)
    try:
        return _mend(path, clock_rate)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _locked(path: Path) -> int | None:
    """The lock; -1 where there is nothing to lock; None where somebody else has it."""
    try:
        return lock(path)
    except FileNotFoundError:
        return -1
    except BlockingIOError:
        return None


def _mend(path: Path, clock_rate: int) -> tuple[tuple[float, float], ...]:
    pieces = list(_pieces(path))
    if path.is_file():  # whole: it was only not cleared up
        _take_away(pieces)
        return ()
    return assemble(path, clock_rate).gaps if pieces else ()


def _take_away(pieces: list[tuple[Path, Path]]) -> None:
    for sides in pieces:
        for side in sides:
            side.unlink(missing_ok=True)


def _pieces(path: Path) -> Iterator[tuple[Path, Path]]:
    for number in count(1):
        sides = piece_paths(path, number)
        if not any(side.is_file() for side in sides):
            return
        yield sides


def _write(path: Path, pieces: list[tuple[Path, Path]], rate: int, pauses: int) -> tuple[float, list[float]]:
    marks: list[float] = []
    frames = 0
    rate = next((found for sides in pieces for side in sides if (found := _rate(side))), rate)
    with path.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(_SAMPLE_BYTES)
        file.setframerate(rate)
        for at, sides in enumerate(pieces):
            for block in _interleaved(sides):
                file.writeframesraw(block)
                frames += len(block) // (2 * _SAMPLE_BYTES)
            if at < max(pauses, len(pieces) - 1):
                marks.append(frames / rate)
                tone = _tone(rate)
                file.writeframesraw(tone)
                frames += len(tone) // (2 * _SAMPLE_BYTES)
    return frames / rate, marks


def _interleaved(sides: tuple[Path, Path]) -> Iterator[bytes]:
    """Both sides side by side; the shorter one is filled up with silence."""
    for left, right in zip_longest(_sound(sides[0]), _sound(sides[1]), fillvalue=b""):
        length = max(len(left), len(right)) // _SAMPLE_BYTES
        both = array.array("h", bytes(length * 2 * _SAMPLE_BYTES))
        for offset, side in enumerate((left, right)):
            samples = array.array("h", side.ljust(length * _SAMPLE_BYTES, b"\0"))
            both[offset::2] = samples
        yield both.tobytes()


def _sound(path: Path) -> Iterator[bytes]:
    if not path.is_file():
        return
    with path.open("rb") as file:
        file.seek(HEADER_BYTES)
        while block := file.read(_BLOCK):
            yield block[: len(block) - len(block) % _SAMPLE_BYTES]


def _rate(path: Path) -> int:
    lengths = read_lengths(path)
    return lengths.bytes_per_second // _SAMPLE_BYTES if lengths else 0


def _tone(rate: int) -> bytes:
    samples = [
        round(_LOUDNESS * 32767 * math.sin(2 * math.pi * GAP_TONE_HZ * at / rate))
        for at in range(round(GAP_TONE_SECONDS * rate))
    ]
    return b"".join(struct.pack("<hh", sample, sample) for sample in samples)
