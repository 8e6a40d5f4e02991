"""The sound files that cells play: those that come with Hookline, and what an administrator or agent names."""

from __future__ import annotations

import os
import wave
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from hookline_telephony_sip.comfort import write_ringback, write_silence
from hookline_telephony_sip.errors import RecordingInUse, UnplayableSound, UnwritableRecording
from hookline_telephony_sip.pieces import mend
from hookline_telephony_sip.process import CellFiles
from hookline_telephony_sip.settings import SipSettings

_RATES = (8000, 16000)
_MEND_SECONDS = 8.0  # a cell whose parent died hangs up, closes its files and goes within four


def write_cell_files(folder: Path, settings: SipSettings) -> CellFiles:
    """What every cell is given, in `folder`. Raises OSError."""
    files = CellFiles(folder / "hold.wav", folder / "silence.wav", folder / "ringback.wav")
    files.comfort.write_bytes(_hold_music(settings))
    write_silence(files.silence, settings.rate)
    write_ringback(files.ringback, settings.rate)
    return files


def prepare_folder(path: Path) -> None:
    """Make the folder of a recording. Raises UnwritableRecording."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnwritableRecording from error
    if not os.access(path.parent, os.W_OK):
        raise UnwritableRecording


def mend_recording(path: Path, clock_rate: int) -> Sequence[tuple[float, float]]:
    """Put together what a dead process left in pieces; the gaps. Raises RecordingInUse, UnwritableRecording."""
    try:
        gaps = mend(path, clock_rate, _MEND_SECONDS)
    except OSError as error:
        raise UnwritableRecording from error
    if gaps is None:
        raise RecordingInUse
    return gaps


def prompt_seconds(path: Path) -> float:
    """The length of a sound that cells can play. Raises UnplayableSound."""
    try:
        with wave.open(str(path), "rb") as file:
            plain = file.getnchannels() == 1 and file.getsampwidth() == 2 and file.getframerate() in _RATES
            frames, rate = file.getnframes(), file.getframerate()
    except (OSError, EOFError, wave.Error) as error:
        raise UnplayableSound from error
    if not plain or not frames:
        raise UnplayableSound
    return frames / rate


def _hold_music(settings: SipSettings) -> bytes:
    if settings.hold_music is not None:
        return settings.hold_music.read_bytes()
    return resources.files("hookline_telephony_sip").joinpath("sounds/hold.wav").read_bytes()
