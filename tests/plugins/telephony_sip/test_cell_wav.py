"""Reading and repairing recordings."""

from __future__ import annotations

import struct
import wave
from pathlib import Path

import pytest

from hookline_telephony_sip.comfort import write_comfort, write_silence
from hookline_telephony_sip.wav import HEADER_BYTES, empty_wav, read_lengths, repair, wav_header


def cut_off(path: Path, data: bytes) -> None:
    """As pjmedia leaves it: sound is there, the lengths are 0."""
    header = bytearray(wav_header(8000, 0))
    struct.pack_into("<I", header, 4, 0)
    path.write_bytes(bytes(header) + data)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_recording_cut_off_becomes_playable(tmp_path: Path, extra: int) -> None:
    path = tmp_path / "cut.wav"
    cut_off(path, bytes(16000 + extra))
    lengths = read_lengths(path)
    assert lengths is not None
    assert not lengths.closed
    assert repair(path, 8000) == 1.0
    with wave.open(str(path)) as sound:
        assert (sound.getnframes(), sound.getframerate()) == (8000, 8000)
    repaired = read_lengths(path)
    assert repaired is not None
    assert repaired.closed


@pytest.mark.parametrize("content", [None, b"", b"RIFF", b"x" * 100])
def test_what_has_no_header_becomes_an_empty_recording(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "odd.wav"
    if content is not None:
        path.write_bytes(content)
    assert repair(path, 16000) == 0.0
    with wave.open(str(path)) as sound:
        assert (sound.getnframes(), sound.getframerate()) == (0, 16000)


def test_repair_changes_nothing_about_a_whole_recording(tmp_path: Path) -> None:
    path = tmp_path / "whole.wav"
    path.write_bytes(wav_header(8000, 800) + bytes(800))
    before = path.read_bytes()
    assert repair(path, 8000) == 0.05
    assert path.read_bytes() == before
    assert len(empty_wav(8000)) == HEADER_BYTES


def test_the_players_files_are_16_bit_mono(tmp_path: Path) -> None:
    for write, name in ((write_comfort, "comfort"), (write_silence, "silence")):
        write(tmp_path / name, 8000)
        with wave.open(str(tmp_path / name)) as sound:
            assert (sound.getsampwidth(), sound.getnchannels(), sound.getframerate()) == (2, 1, 8000)
            samples = struct.unpack(f"<{sound.getnframes()}h", sound.readframes(sound.getnframes()))
            assert max(map(abs, samples)) == (40 if name == "comfort" else 0)
