"""Just enough WAV to know how long a recording is, and to repair one whose writer died.

pjmedia writes the two length fields of the header only when it closes the file.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

HEADER_BYTES = 44  # RIFF header, a 16-byte "fmt " chunk and the head of "data", as pjmedia writes it
_RIFF_SIZE_AT = 4
_DATA_SIZE_AT = 40
_LENGTH = struct.Struct("<I")
_BLOCK_BYTES = 2  # 16 bit mono


@dataclass(frozen=True)
class WavLengths:
    """What a WAV file's header says, beside what the file really holds. Sizes in bytes."""

    file_size: int
    riff_size: int
    data_size: int
    bytes_per_second: int

    @property
    def closed(self) -> bool:
        """Whether the writer has written the lengths."""
        return self.riff_size == self.file_size - 8 and self.data_size == self.file_size - HEADER_BYTES

    @property
    def seconds(self) -> float:
        """Length of the sound in the file, whatever the header says."""
        sound = max(0, self.file_size - HEADER_BYTES)
        return sound / self.bytes_per_second if self.bytes_per_second else 0.0


def read_lengths(path: Path) -> WavLengths | None:
    """The lengths, or None where there is no WAV header (yet). Raises OSError only if the file cannot be read."""
    if not path.is_file():
        return None
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or header[:4] != b"RIFF" or header[36:40] != b"data":
        return None
    return WavLengths(
        file_size=size,
        riff_size=_LENGTH.unpack_from(header, _RIFF_SIZE_AT)[0],
        data_size=_LENGTH.unpack_from(header, _DATA_SIZE_AT)[0],
        bytes_per_second=_LENGTH.unpack_from(header, 28)[0],
    )


def repair(path: Path, clock_rate: int) -> float:
    """Make what a dead writer left behind playable and return its length in seconds. Raises OSError.

    A file without a whole header (the writer died at once) becomes an empty recording.
    """
    lengths = read_lengths(path)
    if lengths is None:
        path.write_bytes(empty_wav(clock_rate))
        return 0.0
    size = lengths.file_size - (lengths.file_size - HEADER_BYTES) % _BLOCK_BYTES
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(_RIFF_SIZE_AT)
        file.write(_LENGTH.pack(size - 8))
        file.seek(_DATA_SIZE_AT)
        file.write(_LENGTH.pack(size - HEADER_BYTES))
    repaired = read_lengths(path)
    return repaired.seconds if repaired else 0.0


def empty_wav(clock_rate: int) -> bytes:
    """The header of a 16 bit mono WAV file without sound."""
    return wav_header(clock_rate, 0)


def wav_header(clock_rate: int, data_bytes: int) -> bytes:
    """The header of a 16 bit mono WAV file with so many bytes of sound."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        HEADER_BYTES - 8 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        clock_rate,
        clock_rate * _BLOCK_BYTES,
        _BLOCK_BYTES,
        16,
        b"data",
        data_bytes,
    )
