"""Sound at odd times, from odd places, in odd codecs, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.ports.telephony import HangupCause, LegAnswered, LegEnded, LegRinging, RecordingFinished
from hookline.testing.tones import level
from hookline_telephony_sip.settings import SipSettings
from tests.plugins.telephony_sip.rtp_peer import RtpPeer
from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.sipp_peer import SippPeer
from tests.plugins.telephony_sip.sipp_room import ROOM, Play
from tests.plugins.telephony_sip.sipp_script import (
    ANSWERS,
    IS_HUNG_UP,
    RINGS,
    answer,
    answer_again,
    answer_invite,
    expect,
    expect_reply,
    invite,
    pause,
    request,
    scenario,
    sdp,
)

pytestmark = [pytest.mark.realtime, pytest.mark.usefixtures("another_call")]

TONE, OTHER_TONE, HEARD = 1000, 1700, 0.05
TIMEOUT_SECONDS = 1.0


@pytest.fixture(scope="module")
def shared() -> Iterator[Caller]:
    """A backend that soon misses its peer's sound."""
    caller = Caller(settings=SipSettings(media_timeout_seconds=TIMEOUT_SECONDS))
    yield caller
    caller.backend.stop()


@pytest.fixture
def sound() -> Iterator[RtpPeer]:
    """The sound of the peer, silent until told."""
    with RtpPeer(TONE) as peer:
        yield peer


def answers(body: str) -> str:
    """Answer the call with this description."""
    return answer_invite("200 OK", body, until_acknowledged=True) + expect("ACK")


def hears(caller: Caller, leg: str, folder: Path, name: str = "tape") -> bool:
    """Whether half a second's recording of the leg holds the tone."""
    path = folder / f"{name}.wav"
    caller.backend.start_recording(ROOM, leg, name, path)
    caller.recorded(path, 0.5)
    caller.backend.stop_recording(name)
    caller.until(lambda: any(e.recording_id == name for e in caller.events(RecordingFinished, leg)), "it is closed")
    return level(path, TONE) > HEARD


def hang_up(caller: Caller, leg: str, peer: SippPeer) -> None:
    """End the call from our side."""
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    peer.finish()


# --- early media ---


def test_early_sound_rings_and_the_answer_changes_nothing(
    caller: Caller, play: Play, sound: RtpPeer, tmp_path: Path
) -> None:
    body = sdp(port=str(sound.port))
    peer = play(script=scenario(answer_invite("183 Session Progress", body), pause(400), answers(body), IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegRinging, leg)
    sound.say_to(peer.media_port())
    caller.wait(LegAnswered, leg)
    assert hears(caller, leg, tmp_path)
    assert len(caller.events(LegRinging, leg)) == 1
    hang_up(caller, leg, peer)


@pytest.mark.parametrize("tag", ["[call_number]", "another"])
def test_the_answer_may_name_another_place_than_the_early_sound(
    caller: Caller, play: Play, sound: RtpPeer, tmp_path: Path, tag: str
) -> None:
    with RtpPeer(hertz=400) as early:
        rings = answer_invite("183 Session Progress", sdp(port=str(early.port)), tag="[call_number]")
        takes = answer_invite("200 OK", sdp(port=str(sound.port), version=2), tag=tag, until_acknowledged=True)
        peer = play(script=scenario(RINGS, rings, pause(300), takes, expect("ACK"), IS_HUNG_UP))
        leg = caller.call(ROOM)
        caller.wait(LegRinging, leg)
        early.say_to(peer.media_port())
        caller.wait(LegAnswered, leg)
        early.fall_silent()
        sound.say_to(peer.media_port())
        caller.until(lambda: sound.received > 10, "our sound goes where the answer said")
        assert hears(caller, leg, tmp_path)
        hang_up(caller, leg, peer)


def test_early_sound_that_wants_to_be_acknowledged(caller: Caller, play: Play, sound: RtpPeer, tmp_path: Path) -> None:
    body = sdp(port=str(sound.port))
    reliable = answer_invite("183 Session Progress", body, headers=["Require: 100rel", "RSeq: 1"])
    peer = play(script=scenario(reliable, expect("PRACK"), answer(), answers(""), IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    sound.say_to(peer.media_port())
    assert hears(caller, leg, tmp_path)
    hang_up(caller, leg, peer)


def test_a_refusal_after_early_sound_keeps_its_cause(caller: Caller, play: Play, sound: RtpPeer) -> None:
    announces = answer_invite("183 Session Progress", sdp(port=str(sound.port))) + pause(300)
    peer = play(script=scenario(announces, answer_invite("404 Not Found", until_acknowledged=True), expect("ACK")))
    leg = caller.call(ROOM)
    caller.wait(LegRinging, leg)
    sound.say_to(peer.media_port())
    assert caller.ended(leg).cause is HangupCause.INVALID_NUMBER
    assert not caller.events(LegAnswered, leg)
    peer.finish()


# --- later offers ---


def test_a_re_invite_without_an_offer_gets_ours(caller: Caller, play: Play, sound: RtpPeer, tmp_path: Path) -> None:
    body = sdp(port=str(sound.port))
    asks = request("INVITE", 2) + expect_reply(100, optional=True) + expect_reply(200, body="m=audio")
    peer = play(script=scenario(answers(body), asks, request("ACK", 2, body), IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    sound.say_to(peer.media_port())
    caller.until(lambda: "CSeq: 2 ACK" in peer.messages(), "the offer is taken")
    assert hears(caller, leg, tmp_path)
    hang_up(caller, leg, peer)


def test_an_offer_in_codecs_that_we_lack_is_refused_and_the_call_goes_on(
    caller: Caller, play: Play, sound: RtpPeer, tmp_path: Path
) -> None:
    # The library says 500 where 488 were the word: either refuses the offer and leaves the call as it was.
    offers = request("INVITE", 2, sdp(codecs="18", version=2)) + expect_reply(100, optional=True) + expect_reply(500)
    peer = play(script=scenario(answers(sdp(port=str(sound.port))), offers, request("ACK", 2), IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    sound.say_to(peer.media_port())
    caller.until(lambda: "CSeq: 2 ACK" in peer.messages(), "the offer is refused")
    assert hears(caller, leg, tmp_path)
    hang_up(caller, leg, peer)


def test_an_answer_in_a_codec_that_we_lack_ends_the_call(caller: Caller, play: Play) -> None:
    takes = answer_invite("200 OK", sdp(codecs="18")) + expect("ACK", optional=True)
    peer = play(script=scenario(takes, IS_HUNG_UP))
    leg = caller.call(ROOM)
    assert caller.ended(leg).cause is HangupCause.LOST
    peer.finish()


def test_an_answer_without_a_description_ends_the_call(caller: Caller, play: Play) -> None:
    peer = play(script=scenario(answers(""), IS_HUNG_UP))
    leg = caller.call(ROOM)
    assert caller.ended(leg).cause is HangupCause.FAILED
    assert not caller.events(LegAnswered, leg)
    peer.finish()


def test_the_other_side_holds_and_takes_back(caller: Caller, play: Play, sound: RtpPeer, tmp_path: Path) -> None:
    def offers(number: int, direction: str, answered: str) -> str:
        body = sdp(port=str(sound.port), direction=direction, version=number)
        takes = expect_reply(100, optional=True) + expect_reply(200, body=answered)
        return request("INVITE", number, body) + takes + request("ACK", number)

    held = pause(int(TIMEOUT_SECONDS * 1500))
    steps = offers(2, "sendonly", "a=recvonly") + held + offers(3, "inactive", "a=inactive") + held
    peer = play(script=scenario(answers(sdp(port=str(sound.port))), steps, offers(4, "sendrecv", ""), IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.until(lambda: "CSeq: 4 ACK" in peer.messages(), "the call is taken back")
    sound.say_to(peer.media_port())
    assert hears(caller, leg, tmp_path)
    assert not caller.events(LegEnded, leg)
    hang_up(caller, leg, peer)


# --- the sound itself ---


def test_sound_from_another_port_than_was_said_is_heard(
    caller: Caller, play: Play, sound: RtpPeer, tmp_path: Path
) -> None:
    peer = play(script=scenario(ANSWERS, IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    sound.say_to(peer.media_port())
    assert hears(caller, leg, tmp_path)
    hang_up(caller, leg, peer)


def test_somebody_elses_sound_is_neither_heard_nor_answered(
    caller: Caller, play: Play, sound: RtpPeer, tmp_path: Path
) -> None:
    peer = play(script=scenario(answers(sdp(port=str(sound.port))), IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    with RtpPeer(OTHER_TONE, host="127.0.0.2") as intruder:
        sound.say_to(peer.media_port())
        intruder.say_to(peer.media_port())
        assert hears(caller, leg, tmp_path)
        assert level(tmp_path / "tape.wav", OTHER_TONE) < HEARD / 10
        before = sound.received
        caller.until(lambda: sound.received > before + 20, "our sound still goes where it was told to")
        assert not intruder.received
        sound.fall_silent()
        assert caller.ended(leg).cause is HangupCause.LOST, "the intruder's sound keeps no call up"
    peer.finish()


def test_a_peer_that_vanishes_is_lost(caller: Caller, play: Play, sound: RtpPeer) -> None:
    peer = play(script=scenario(answers(sdp(port=str(sound.port))), IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    sound.say_to(peer.media_port())
    caller.log.wait_for(lambda: False, TIMEOUT_SECONDS * 1.5)
    assert not caller.events(LegEnded, leg), "while it speaks it is there"
    sound.fall_silent()
    assert caller.ended(leg).cause is HangupCause.LOST
    peer.finish()


def test_a_peer_that_never_said_anything_is_lost(caller: Caller, play: Play) -> None:
    peer = play(script=scenario(ANSWERS, IS_HUNG_UP))
    assert caller.ended(caller.call(ROOM)).cause is HangupCause.LOST
    peer.finish()


def test_a_peer_that_we_hold_may_be_silent(caller: Caller, play: Play, sound: RtpPeer) -> None:
    held = invite("a=sendonly") + answer_again("200 OK", sdp(direction="recvonly", version=2)) + expect("ACK")
    peer = play(script=scenario(answers(sdp(port=str(sound.port))), held, IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hold(leg, True)
    caller.log.wait_for(lambda: False, TIMEOUT_SECONDS * 2)
    assert not caller.events(LegEnded, leg)
    hang_up(caller, leg, peer)
