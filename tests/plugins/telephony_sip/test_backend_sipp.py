"""The SIP backend against SIPp."""

from __future__ import annotations

import socket
import time

import pytest

from hookline.ports.telephony import HangupCause, LegAnswered, LegRinging
from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.sipp_peer import SippPeer, free_udp_port
from tests.plugins.telephony_sip.sipp_room import ROOM, Play

pytestmark = pytest.mark.realtime


def test_an_answered_call_is_hung_up_by_us(caller: Caller, play: Play) -> None:
    peer = play("answer")
    leg = caller.call(ROOM)
    caller.wait(LegRinging, leg)
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    peer.finish()


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("486 Busy Here", HangupCause.BUSY),
        ("600 Busy Everywhere", HangupCause.BUSY),
        ("480 Temporarily Unavailable", HangupCause.NO_ANSWER),
        ("487 Request Terminated", HangupCause.NO_ANSWER),
        ("603 Decline", HangupCause.DECLINED),
        ("404 Not Found", HangupCause.INVALID_NUMBER),
        ("484 Address Incomplete", HangupCause.INVALID_NUMBER),
        ("604 Does Not Exist Anywhere", HangupCause.INVALID_NUMBER),
        ("408 Request Timeout", HangupCause.UNREACHABLE),
        ("503 Service Unavailable", HangupCause.UNREACHABLE),
        ("500 Server Internal Error", HangupCause.FAILED),
    ],
)
def test_a_refusal_has_its_cause(caller: Caller, play: Play, status: str, cause: HangupCause) -> None:
    peer = play("refuse", status=status)
    leg = caller.call(ROOM)
    ended = caller.ended(leg)
    assert (ended.cause, ended.code, ended.reason) == (cause, int(status[:3]), status[4:])
    assert not caller.events(LegAnswered, leg)
    peer.finish()


def test_a_redirection_is_not_followed(caller: Caller, play: Play) -> None:
    peer = play("refuse", status="302 Moved Temporarily")
    leg = caller.call(ROOM)
    ended = caller.ended(leg)
    assert (ended.cause, ended.code) == (HangupCause.FAILED, 302)
    peer.finish()
    assert "INVITE sip:+48900000000" not in peer.messages()


def test_a_transfer_asked_for_by_the_far_side_is_refused(caller: Caller, play: Play) -> None:
    peer = play("refer")
    leg = caller.call(ROOM)
    assert caller.ended(leg).cause is HangupCause.NORMAL
    peer.finish()
    assert "INVITE sip:+48900000000" not in peer.messages()


def test_the_ring_timer_ends_a_call_that_nobody_answers(caller: Caller, play: Play) -> None:
    peer = play("no_answer")
    started = time.monotonic()
    leg = caller.call(ROOM, ring_seconds=1.0)
    caller.wait(LegRinging, leg)
    assert caller.ended(leg).cause is HangupCause.NO_ANSWER
    assert 0.9 < time.monotonic() - started < 4.0
    peer.finish()


def test_our_own_hang_up_before_the_answer_cancels(caller: Caller, play: Play) -> None:
    peer = play("no_answer")
    leg = caller.call(ROOM)
    caller.wait(LegRinging, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.CANCELLED
    peer.finish()


def test_the_far_side_hangs_up(caller: Caller, play: Play) -> None:
    peer = play("bye")
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    assert caller.ended(leg).cause is HangupCause.NORMAL
    peer.finish()


def test_hold_is_a_re_invite_and_so_is_its_end(caller: Caller, play: Play) -> None:
    peer = play("hold")
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hold(leg, True)
    caller.until(lambda: "a=recvonly" in peer.messages(), "the hold is answered")
    caller.backend.hold(leg, False)
    caller.until(lambda: _acks(peer) == 3, "the end of the hold is answered")
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    peer.finish()


def test_a_hold_that_crosses_another_is_tried_again(caller: Caller, play: Play) -> None:
    peer = play("glare")
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hold(leg, True)
    caller.until(lambda: _acks(peer) == 3, "the second hold is answered")
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    peer.finish()


def test_an_unanswered_bye_does_not_keep_the_leg(caller: Caller, play: Play) -> None:
    peer = play("silent_bye")
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg, seconds=5.0).cause is HangupCause.LOCAL
    peer.finish()


def test_a_silent_peer_is_left_at_the_ring_timer(caller: Caller) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        caller.network = f"127.0.0.1:{deaf.getsockname()[1]}"
        leg = caller.call(ROOM, ring_seconds=0.5)
        assert caller.ended(leg, seconds=5.0).cause is HangupCause.NO_ANSWER


def test_a_closed_port_is_left_at_the_ring_timer_at_the_latest(caller: Caller) -> None:
    caller.network = f"127.0.0.1:{free_udp_port()}"
    leg = caller.call(ROOM, ring_seconds=0.5)
    assert caller.ended(leg, seconds=5.0).cause in (HangupCause.UNREACHABLE, HangupCause.NO_ANSWER)


def _acks(peer: SippPeer) -> int:
    return peer.messages().count("\nACK sip:")
