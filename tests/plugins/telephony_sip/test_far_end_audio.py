"""The far end's audio: G.711 against the standard's own values, tones, clips, and the ear that measures them."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

import pytest

from hookline_telephony_sip.far_end import audio, g711
from hookline_telephony_sip.far_end.behaviours import SoundSpec
from hookline_telephony_sip.far_end.errors import FarEndConfigInvalid


def test_g711_has_the_values_of_the_standard() -> None:
    assert list(g711.decode(bytes([0xFF, 0x7F, 0x80, 0x00]), g711.PCMU)) == [0, 0, 32124, -32124]
    assert list(g711.decode(bytes([0xD5, 0x55, 0xAA, 0x2A]), g711.PCMA)) == [8, -8, 32256, -32256]


@pytest.mark.parametrize("kind", [g711.PCMU, g711.PCMA])
def test_what_was_encoded_comes_back_nearly_the_same(kind: int) -> None:
    samples = array("h", range(-32768, 32768, 7))
    back = g711.decode(g711.encode(samples, kind), kind)
    assert all(abs(a - b) <= max(16, abs(a) / 24) for a, b in zip(samples, back, strict=True) if abs(a) < 32124)
    silent = g711.decode(bytes([g711.SILENCE[kind]]), kind)
    assert abs(silent[0]) <= 8


@pytest.mark.parametrize("kind", [g711.PCMU, g711.PCMA])
def test_a_tone_is_heard_at_its_frequency_and_no_other(kind: int) -> None:
    playing = audio.Playing(audio.tone(440, 0.3), repeat=True)
    heard = g711.decode(b"".join(playing.next_frame(kind) for _ in range(75)), kind)
    assert audio.energy_share(heard, 440) > 0.95
    assert audio.energy_share(heard, 1000) < 0.01
    assert audio.level(heard) == pytest.approx(0.3 / 2**0.5, rel=0.05)


def test_two_tones_share_the_energy() -> None:
    mixed = [a + b for a, b in zip(audio.tone(440, 0.2).samples, audio.tone(1000, 0.2).samples, strict=True)]
    assert audio.energy_share(mixed, 440) == pytest.approx(0.5, abs=0.02)
    assert audio.energy_share(mixed, 1000) == pytest.approx(0.5, abs=0.02)
    assert audio.energy_share([], 440) == audio.energy_share([0] * 100, 440) == audio.level([]) == 0


def test_every_clip_that_comes_along_is_speech_of_some_seconds() -> None:
    names = audio.clip_names()
    assert {"pl_hello", "en_hello"} <= set(names)
    for name in names:
        sound = audio.clips((name,), 0.0)
        assert 0.4 < sound.seconds < 4
        assert audio.level(sound.samples) > 0.02


def test_clips_follow_one_another_and_end_in_silence() -> None:
    spec = SoundSpec(kind="clip", clips=("pl_hello", "pl_no"), pause_seconds=0.5, repeat=False)
    whole = audio.clips(spec.clips, 0.5)
    assert whole.seconds == pytest.approx(1.64 + 2.26 + 1.0, abs=0.05)
    source = spec.source()
    frames = [source.next_frame(g711.PCMA) for _ in range(int(whole.seconds * 50) + 20)]
    assert set(frames[-1] or b"") == {g711.SILENCE[g711.PCMA]}


def test_a_wav_file_of_ones_own_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "own.wav"
    write_wav(path, 8000)
    assert audio.clips((str(path),), 0.0).seconds == pytest.approx(0.5, abs=0.021)


def test_a_clip_that_cannot_be_played_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "fast.wav"
    write_wav(path, 16000)
    text = tmp_path / "text.wav"
    text.write_text("not a sound")
    for name, words in ((str(path), "16000 Hz"), (str(text), "RIFF"), ("no-such-clip", "pl_hello")):
        with pytest.raises(FarEndConfigInvalid, match=words):
            audio.clips((name,))


def test_echo_says_what_it_hears() -> None:
    echo = audio.Echo()
    assert echo.next_frame(g711.PCMU) is None
    echo.heard(b"one")
    echo.heard(b"two")
    assert [echo.next_frame(g711.PCMU) for _ in range(3)] == [b"one", b"two", None]


def write_wav(path: Path, rate: int) -> None:
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(audio.tone(300).samples[:4000].tobytes())
