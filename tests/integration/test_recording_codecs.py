"""Recordings are compressed, measured, and can be played as before; pauses are marked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy import select

from hookline.db.models import Recording
from hookline.testing.centre import Centre
from hookline.testing.tones import AGENT_TONE_HZ, CUSTOMER_TONE_HZ

LEFT, RIGHT = 0, 1


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    centre = Centre(tmp_path, plugins=[])
    yield centre
    centre.close()


def _recorded(centre: Centre) -> Recording:
    anna = centre.agent("anna")
    centre.campaign(["+48221234567"], agents=[anna])
    centre.start_work(anna)
    actor = centre.actor(anna)
    centre.runtime.work.dial(actor)
    centre.advance(4)
    centre.runtime.calls.pause_recording(actor, True)
    assert centre.runtime.desk.view(actor).call.recording_paused  # type: ignore[union-attr]
    centre.advance(3)
    centre.runtime.calls.pause_recording(actor, False)
    centre.advance(2)
    centre.runtime.calls.hang_up(actor)
    centre.settle()
    return _row(centre)


def _row(centre: Centre) -> Recording:
    with centre.runtime.db.read() as session:
        return session.scalars(select(Recording)).one()


def test_a_recording_becomes_flac_and_plays_in_ranges(centre: Centre, tmp_path: Path) -> None:
    row = _recorded(centre)
    original = tmp_path / "recordings" / row.path
    samples, _ = soundfile.read(original, dtype="int16")
    ((second, length),) = row.gaps
    assert (round(second), round(length)) == (2, 3)
    assert centre.run_job("core.compress-recordings") == "1"
    assert centre.run_job("core.compress-recordings") == "0"
    row = _row(centre)
    assert (row.codec, row.replaced, original.exists()) == ("flac", "", False)
    sound = centre.runtime.recordings.open(centre.operator, row.id)
    (tmp_path / "played.flac").write_bytes(b"".join(sound.read(0, sound.size)))
    played, _ = soundfile.read(tmp_path / "played.flac", dtype="int16")
    assert (played == samples).all()
    assert sound.size < samples.size
    assert [max(side) for side in row.peaks or []] == [50, 50]
    assert {AGENT_TONE_HZ, CUSTOMER_TONE_HZ} == {440, 1000}


def test_a_recording_becomes_opus_with_both_sides_and_a_waveform(centre: Centre, tmp_path: Path) -> None:
    row = _recorded(centre)
    original = tmp_path / "recordings" / row.path
    seconds, size = soundfile.info(original).duration, original.stat().st_size
    tones = {side: _pitches(original, side) for side in (LEFT, RIGHT)}
    centre.runtime.recording_codecs._codec = "opus"
    assert centre.run_job("core.compress-recordings") == "1"
    assert centre.run_job("core.compress-recordings") == "0"
    row = _row(centre)
    assert (row.codec, Path(row.path).suffix, row.replaced, original.exists()) == ("opus", ".opus", "", False)
    assert [len(side) for side in row.peaks or []] == [400, 400]
    sound = centre.runtime.recordings.open(centre.operator, row.id)
    played = tmp_path / "played.opus"
    played.write_bytes(b"".join(sound.read(0, sound.size)))
    assert sound.size < size / 4
    assert soundfile.info(played).duration == pytest.approx(seconds, abs=0.1)
    assert {side: _pitches(played, side) for side in (LEFT, RIGHT)} == tones
    assert tones[LEFT] != tones[RIGHT], "the customer is left, the agent right"


def _pitches(path: Path, side: int) -> set[int]:
    """Which of the two voices sound on this side."""
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    spectrum = np.abs(np.fft.rfft(samples[:, side])) * 2 / len(samples)
    at = {hz: round(hz * len(samples) / rate) for hz in (AGENT_TONE_HZ, CUSTOMER_TONE_HZ)}
    return {hz for hz, place in at.items() if spectrum[place - 3 : place + 4].max() > 0.02}


def test_what_a_crash_left_is_finished(centre: Centre, tmp_path: Path) -> None:
    row = _recorded(centre)
    centre.run_job("core.compress-recordings")
    left = tmp_path / "recordings" / row.path
    left.write_bytes(b"RIFF")
    with centre.runtime.db.write() as unit:
        unit.session.get_one(Recording, row.id).replaced = row.path
    centre.run_job("core.compress-recordings")
    assert (left.exists(), _row(centre).replaced) == (False, "")


def test_a_file_that_is_no_sound_is_kept_as_it_is(centre: Centre, tmp_path: Path) -> None:
    row = _recorded(centre)
    path = tmp_path / "recordings" / row.path
    path.write_bytes(b"this is no sound")
    for _ in range(2):
        centre.run_job("core.compress-recordings")
    assert (_row(centre).codec, _row(centre).peaks, path.exists()) == ("wav", [], True)
