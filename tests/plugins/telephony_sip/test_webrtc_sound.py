"""The sound from a browser on its way to the bridge: jitter, loss and a reload, without network or clock."""

from __future__ import annotations

import asyncio
import inspect
from array import array
from importlib.metadata import version

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver
from aiortc.rtp import RtpPacket

from hookline_telephony_sip.cell.webrtc_peer import BUFFER_PLACE
from hookline_telephony_sip.cell.webrtc_presence import LOSS_SECONDS, BrowserPresence, Change
from hookline_telephony_sip.cell.webrtc_sound import QUIET_FRAME, SILENT_PAYLOAD, Playout, payload_of
from hookline_telephony_sip.far_end.g711 import PCMU, decode, encode

LOUD = 10_000


def _payload(height: int) -> bytes:
    return encode(array("h", [height, -height] * 80), PCMU)


def _height(frame: bytes) -> int:
    return max(array("h", frame))


def _of(height: int) -> int:
    return max(decode(_payload(height), PCMU))


def _listened() -> Playout:
    """One that the bridge already asks: what piled up before the first question is cut short."""
    playout = Playout()
    playout.pull()
    return playout


def test_what_was_said_while_nobody_listened_is_no_delay_later() -> None:
    playout = Playout()
    for number in range(1, 21):
        playout.push(number, _payload(1000 * (1 + number // 19)))
    assert _height(playout.pull()) == _of(2000)


def test_two_frames_wait_before_the_first_is_played() -> None:
    playout = _listened()
    playout.push(1, _payload(LOUD))
    assert playout.pull() == QUIET_FRAME
    playout.push(2, _payload(LOUD))
    assert _height(playout.pull()) == _of(LOUD)


def test_a_lost_packet_is_hidden_in_its_place_and_adds_no_delay() -> None:
    playout = _listened()
    for number, height in ((1, 1000), (2, 2000), (4, 4000)):
        playout.push(number, _payload(height))
    heard = [_height(playout.pull()) for _ in range(4)]
    assert heard[:2] == [_of(1000), _of(2000)]
    assert 0 < heard[2] < _of(2000)  # the last sound once more, softer
    assert heard[3] == _of(4000)
    assert (playout.received, playout.missing) == (3, 1)


def test_a_packet_that_was_overtaken_takes_its_place() -> None:
    playout = _listened()
    for number in (65534, 65535, 1, 0, 0):  # over the wrap; a copy changes nothing
        playout.push(number, _payload(1000 * (1 + (number + 2) % 65536)))
    assert [_height(playout.pull()) for _ in range(4)] == [_of(1000), _of(2000), _of(3000), _of(4000)]


def test_silence_follows_when_nothing_comes_any_more() -> None:
    playout = _listened()
    playout.push(1, _payload(LOUD))
    playout.push(2, _payload(LOUD))
    heard = [_height(playout.pull()) for _ in range(6)]
    assert heard[:2] == [_of(LOUD)] * 2
    assert heard[2] > heard[3] > 0
    assert heard[4:] == [0, 0]


def test_what_piled_up_is_worked_off_a_frame_at_a_time_and_the_delay_falls() -> None:
    playout = _listened()
    for number in range(1, 10):
        playout.push(number, SILENT_PAYLOAD)
    for number in range(10, 130):
        playout.push(number, SILENT_PAYLOAD)
        playout.pull()
    left = 0
    while playout.pull() is not QUIET_FRAME:
        left += 1
    assert left <= 5 + 2  # with the two that hide the end


def test_a_network_that_stutters_gets_a_longer_wait() -> None:
    playout = _listened()
    for number in (1, 2):
        playout.push(number, _payload(LOUD))
    for _ in range(6):
        playout.pull()
    playout.push(3, _payload(LOUD))
    playout.push(4, _payload(LOUD))
    assert _height(playout.pull()) == 0
    playout.push(5, _payload(LOUD))
    assert _height(playout.pull()) == _of(LOUD)


def test_another_page_begins_afresh() -> None:
    playout = _listened()
    for number in (1, 2, 3):
        playout.push(number, _payload(LOUD))
    playout.restart()
    playout.push(40_000, _payload(1000))
    playout.push(40_001, _payload(1000))
    assert _height(playout.pull()) == _of(1000)


def test_the_bridges_frames_become_payloads_and_no_frame_becomes_silence() -> None:
    frame = array("h", [1000] * 160).tobytes()
    assert len(payload_of(frame)) == 160
    assert payload_of(b"") == SILENT_PAYLOAD
    assert max(map(abs, decode(SILENT_PAYLOAD, PCMU))) < 10


def test_a_browser_comes_is_lost_comes_back_and_goes() -> None:
    presence = BrowserPresence(grace_seconds=20.0)
    assert presence.look(0.0, 5.0) is None
    assert presence.look(10.0, 10.0) is Change.CAME
    assert presence.look(10.0, 10.0 + LOSS_SECONDS - 0.1) is None
    assert presence.look(10.0, 10.0 + LOSS_SECONDS) is Change.LOST
    assert presence.look(10.0, 29.9) is None
    assert presence.look(29.9, 29.95) is Change.BACK
    assert presence.look(29.9, 32.0) is Change.LOST
    assert presence.look(29.9, 50.0) is Change.GONE
    assert presence.look(50.1, 50.1) is None


def test_a_page_that_says_farewell_is_lost_at_once() -> None:
    presence = BrowserPresence(grace_seconds=20.0)
    assert presence.look(10.0, 10.0) is Change.CAME
    assert presence.look(10.0, 10.1, left=True) is Change.LOST
    assert presence.look(10.4, 10.4) is Change.BACK


def test_aiortc_hands_its_packets_over_where_we_take_them() -> None:
    """aiortc's name for it is private: a new aiortc may break every browser's sound by renaming it."""
    advice = (
        f"aiortc {version('aiortc')} has changed what cell/webrtc_peer.py replaces: the receiver's jitter buffer in "
        f"{BUFFER_PLACE}, to whose `add` the receiver gives each packet, and gets (whether pictures were lost, the"
        " whole frame or None). Read aiortc/rtcrtpreceiver.py, and put the tap where packets enter its buffer now."
    )

    async def receiver() -> RTCRtpReceiver:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        return connection.addTransceiver("audio").receiver

    found = asyncio.run(receiver())
    assert hasattr(found, BUFFER_PLACE), advice
    answer = getattr(found, BUFFER_PLACE).add(RtpPacket(payload_type=0, sequence_number=1, payload=b"\0"))
    assert isinstance(answer, tuple), advice
    assert len(answer) == 2, advice
    assert "__jitter_buffer.add(packet)" in inspect.getsource(RTCRtpReceiver._handle_rtp_packet), advice
