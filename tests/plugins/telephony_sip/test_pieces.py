"""Recordings left in pieces by a machine, or an engine and its cells, that died: made whole at the next start."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from hookline.db.models import Recording
from hookline.testing.centre import Centre
from hookline.testing.tones import (
    AGENT_TONE_HZ,
    CUSTOMER_TONE_HZ,
    GAP_TONE_HZ,
    RATE,
    level,
    wav_seconds,
    write_tones,
)
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.errors import RecordingInUse
from hookline_telephony_sip.pieces import lock, mend, piece_paths

LEFT, RIGHT, HEARD = 0, 1, 0.1
NUMBER = "+48221234567"


def _leave_pieces(path: Path, *seconds: float) -> None:
    """What a dead cell leaves: the lengths in the files' headers were never written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for number, length in enumerate(seconds, 1):
        for side, hz in zip(piece_paths(path, number), (CUSTOMER_TONE_HZ, AGENT_TONE_HZ), strict=True):
            write_tones(side, [(length, [hz])])
            with side.open("r+b") as file:
                for at in (4, 40):
                    file.seek(at)
                    file.write(bytes(4))


def test_what_is_left_becomes_a_recording_with_its_pauses_marked(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    _leave_pieces(path, 2.0, 1.0)
    assert mend(path, RATE, 0.0) == ((2.0, 0.0),)
    assert wav_seconds(path) == pytest.approx(3.3)
    assert level(path, CUSTOMER_TONE_HZ, LEFT) > HEARD > level(path, AGENT_TONE_HZ, LEFT)
    assert level(path, AGENT_TONE_HZ, RIGHT) > HEARD > level(path, CUSTOMER_TONE_HZ, RIGHT)
    for side in (LEFT, RIGHT):
        assert level(path, GAP_TONE_HZ, side) > 0.015, "0.3 s of the tone that marks a pause"
    assert os.listdir(tmp_path) == ["call.wav"]


def test_a_recording_that_is_whole_already_is_only_cleared_up(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    write_tones(path, [(3.0, [CUSTOMER_TONE_HZ])])
    _leave_pieces(path, 1.0)
    assert mend(path, RATE, 0.0) == ()
    assert wav_seconds(path) == pytest.approx(3.0)
    assert os.listdir(tmp_path) == ["call.wav"]


def test_where_nothing_is_left_nothing_is_made(tmp_path: Path) -> None:
    assert mend(tmp_path / "call.wav", RATE, 0.0) == ()
    assert os.listdir(tmp_path) == []


def test_what_a_cell_still_writes_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    _leave_pieces(path, 1.0)
    writer = lock(path)
    assert mend(path, RATE, 0.0) is None
    assert not path.exists()
    threading.Timer(0.2, os.close, [writer]).start()
    assert mend(path, RATE, 5.0) == ()
    assert wav_seconds(path) == pytest.approx(1.0)


class _Started(SipBackend):
    name = "simulated"


def test_the_engines_start_takes_in_what_was_recorded_before_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = Centre(tmp_path, plugins=[])
    try:
        anna = centre.agent("anna")
        centre.campaign([NUMBER], agents=[anna])
        centre.start_work(anna)
        centre.runtime.work.dial(centre.actor(anna))
        centre.advance(4)
        with centre.runtime.db.read() as session:
            row = session.scalars(select(Recording)).one()
        path = tmp_path / "recordings" / row.path
        path.unlink(missing_ok=True)  # the simulated network has made its file already
        _leave_pieces(path, 4.0)
        backends = {"simulated": _Started(lambda _client: [])}
        monkeypatch.setattr("hookline_telephony_sip.soundfiles._MEND_SECONDS", 0.0)
        writer = lock(path)
        with pytest.raises(RecordingInUse):
            backends["simulated"].mend_recording(path)
        assert centre.runtime.recordings.salvage(backends) == 0
        os.close(writer)
        assert centre.runtime.recordings.salvage(backends) == 1
        (listed,) = centre.runtime.recordings.for_call(centre.operator, centre.calls()[0])
        assert (listed.seconds, listed.complete) == (4.0, False)
        sound = centre.runtime.recordings.open(centre.operator, listed.id)
        assert b"".join(sound.read(0, sound.size)) == path.read_bytes()
        assert level(path, CUSTOMER_TONE_HZ, LEFT) > HEARD
    finally:
        centre.close()
