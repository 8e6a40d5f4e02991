"""G.722 carries what G.711 cannot, both ways: a tone of 6 kHz. The peer's codec is FFmpeg's, not the library's."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from hookline.ports.telephony import LegAnswered, Play, RecordingFinished
from hookline.testing.telephony_rig import EventLog
from hookline.testing.tones import level
from hookline_telephony_sip.backend import SipBackend
from hookline_telephony_sip.codecs import Codec
from hookline_telephony_sip.far_end import g711
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.rtp_peer import RtpPeer
from tests.plugins.telephony_sip.sip_legs import Caller, trunk_to
from tests.plugins.telephony_sip.sipp_peer import SippPeer
from tests.plugins.telephony_sip.sipp_script import IS_HUNG_UP, answer_invite, expect, scenario, sdp

pytestmark = pytest.mark.realtime

G722, RATE, HIGH, LOW = 9, 16000, 6000, 1000
Samples = NDArray[np.int16]


def _tone(*pitches: int) -> Samples:
    moments = np.arange(RATE) / RATE
    return sum(6000 * np.sin(2 * np.pi * hz * moments) for hz in pitches).astype("int16")  # type: ignore[union-attr]


def _encoded(samples: Samples) -> bytes:
    codec = av.CodecContext.create("g722", "w")
    codec.sample_rate, codec.layout, codec.format = RATE, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
    frame.sample_rate = RATE
    return b"".join(bytes(packet) for packet in (*codec.encode(frame), *codec.encode(None)))


def _decoded(payload: bytes) -> Samples:
    codec = av.CodecContext.create("g722", "r")
    codec.sample_rate, codec.layout = RATE, "mono"
    return np.concatenate([frame.to_ndarray().ravel() for frame in codec.decode(av.Packet(payload))])


def _strength(samples: Samples, rate: int, hz: int) -> float:
    """How strongly the pitch sounds: 1 for a full-scale tone."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) * 4 / len(samples) / 32768
    at = round(hz * len(samples) / rate)
    return float(spectrum[at - 2 : at + 3].max())


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    """A backend whose trunk prefers G.722: its conversations are mixed at 16 kHz."""
    made = Caller(settings=SipSettings(warm_cells=0))
    made.backend.stop()
    made.log = EventLog()
    made.backend = SipBackend(
        lambda _client: [replace(trunk_to(made.network), codecs=(Codec.G722, Codec.PCMA))],
        SipSettings(warm_cells=1),
        wideband=lambda: True,
    )
    made.backend.start(made.log)
    yield made
    made.backend.stop()


def _answers(port: int, codec: int) -> str:
    body = sdp(port=str(port), codecs=str(codec))
    return scenario(answer_invite("200 OK", body, until_acknowledged=True) + expect("ACK"), IS_HUNG_UP)


@pytest.mark.parametrize("codec", [G722, g711.PCMA])
def test_high_tones_pass_both_ways_by_g722_and_by_g711_neither(caller: Caller, tmp_path: Path, codec: int) -> None:
    wide = codec == G722
    said = _encoded(_tone(LOW, HIGH)) if wide else b""
    with (
        RtpPeer(LOW, sound=said, payload_type=codec) as sound,
        SippPeer("", tmp_path, script=_answers(sound.port, codec)) as peer,
    ):
        caller.network = peer.network
        room = f"room-{codec}"
        leg = caller.call(room)
        caller.wait(LegAnswered, leg)
        sound.say_to(peer.media_port())
        prompt, tape = tmp_path / "prompt.wav", tmp_path / "tape.wav"
        with wave.open(str(prompt), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
            file.writeframes(_tone(LOW, HIGH).tobytes())
        caller.backend.start_recording(room, leg, room, tape)
        caller.backend.play(Play(play_id=room, leg_id=leg, path=prompt, loop=True))

        def heard(hz: int) -> float:
            payload = b"".join(sound.heard)
            if len(payload) < 4000:
                return 0.0
            samples = _decoded(payload) if wide else np.array(g711.decode(payload, g711.PCMA), "int16")
            return _strength(samples, RATE if wide else 8000, hz) if wide or hz < 4000 else 0.0

        caller.until(lambda: heard(LOW) > 0.1, "the peer hears the low tone")
        assert (heard(HIGH) > 0.05) is wide
        assert wide or heard(8000 - HIGH) < 0.01, "nor does the high tone come out as another"
        caller.recorded(tape, 1.0)
        caller.backend.hang_up(leg)
        caller.ended(leg)
        peer.finish()
    (done,) = caller.events(RecordingFinished, leg)
    assert done.complete
    assert level(tape, LOW, 0) > 0.05
    assert (level(tape, HIGH, 0) > 0.05) is wide
