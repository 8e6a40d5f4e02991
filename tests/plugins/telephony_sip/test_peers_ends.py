"""Every moment at which the other side can end a call, and every way in which it can fail to."""

from __future__ import annotations

import pytest

from hookline.domain.calls import CallResult, result_of
from hookline.ports.telephony import HangupCause, LegAnswered, LegEnded, LegRinging
from tests.plugins.telephony_sip.frozen import frozen
from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.sipp_room import ROOM, Play
from tests.plugins.telephony_sip.sipp_script import (
    ANSWERS,
    HANGS_UP,
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

BYE = request("BYE", 9)
CANCELLED = answer() + answer_invite("487 Request Terminated", until_acknowledged=True) + expect("ACK")


def result(ended: LegEnded, *, answered: bool = False) -> CallResult:
    """What core makes of the end of a customer's leg."""
    return result_of(ended.cause.value, answered=answered, agent_connected=answered)


@pytest.mark.parametrize(
    ("status", "cause", "meaning"),
    [
        ("486 Busy Here", HangupCause.BUSY, CallResult.BUSY),
        ("487 Request Terminated", HangupCause.NO_ANSWER, CallResult.NO_ANSWER),
        ("480 Temporarily Unavailable", HangupCause.NO_ANSWER, CallResult.NO_ANSWER),
        ("603 Decline", HangupCause.DECLINED, CallResult.DECLINED),
        ("404 Not Found", HangupCause.INVALID_NUMBER, CallResult.INVALID_NUMBER),
        ("503 Service Unavailable", HangupCause.UNREACHABLE, CallResult.UNREACHABLE),
        ("488 Not Acceptable Here", HangupCause.FAILED, CallResult.FAILED),
    ],
)
def test_a_refusal_after_ringing(
    caller: Caller, play: Play, status: str, cause: HangupCause, meaning: CallResult
) -> None:
    peer = play(script=scenario(RINGS, pause(100), answer_invite(status, until_acknowledged=True), expect("ACK")))
    leg = caller.call(ROOM)
    ended = caller.ended(leg)
    assert (ended.cause, ended.code, result(ended)) == (cause, int(status[:3]), meaning)
    assert len(caller.events(LegRinging, leg)) == 1
    assert not caller.events(LegAnswered, leg)
    peer.finish()


def test_a_hang_up_that_comes_right_behind_the_answer(caller: Caller, play: Play) -> None:
    peer = play(script=scenario(ANSWERS, HANGS_UP))
    leg = caller.call(ROOM)
    ended = caller.ended(leg)
    assert (ended.cause, result(ended, answered=True)) == (HangupCause.NORMAL, CallResult.ANSWERED)
    assert len(caller.events(LegAnswered, leg)) == 1
    peer.finish()


def test_an_answer_and_a_hang_up_that_are_read_together(caller: Caller, play: Play) -> None:
    """A busy cell finds both waiting: the call is gone before the cell can do anything about its answer."""
    together = pause(700) + answer_invite("200 OK", sdp()) + BYE + expect("ACK") + expect_reply(200)
    peer = play(script=scenario(RINGS, together))
    leg = caller.call(ROOM)
    caller.wait(LegRinging, leg)
    with frozen(caller.backend.cell_pid(ROOM)):
        caller.until(lambda: "\nBYE sip:" in peer.messages(), "both are on their way")
    ended = caller.ended(leg)
    assert (ended.cause, result(ended, answered=True)) == (HangupCause.NORMAL, CallResult.ANSWERED)
    assert len(caller.events(LegAnswered, leg)) == 1
    peer.finish()


def test_a_hang_up_that_comes_before_the_answer_is_no_answer(caller: Caller, play: Play) -> None:
    ends = answer_invite("487 Request Terminated", until_acknowledged=True) + expect("ACK")
    peer = play(script=scenario(RINGS, HANGS_UP, ends))
    leg = caller.call(ROOM)
    ended = caller.ended(leg)
    assert (ended.cause, result(ended)) == (HangupCause.NO_ANSWER, CallResult.NO_ANSWER)
    assert not caller.events(LegAnswered, leg)
    peer.finish()


def test_two_hang_ups_that_cross(caller: Caller, play: Play) -> None:
    late = expect("BYE") + BYE + expect_reply(200)
    peer = play(script=scenario(ANSWERS, late))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    ended = caller.ended(leg)
    assert (ended.cause, result(ended, answered=True)) == (HangupCause.LOCAL, CallResult.ANSWERED)
    peer.finish()


def test_a_hang_up_during_hold(caller: Caller, play: Play) -> None:
    held = invite("a=sendonly") + answer_again("200 OK", sdp(direction="recvonly", version=2)) + expect("ACK")
    peer = play(script=scenario(ANSWERS, held, pause(100), HANGS_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hold(leg, True)
    ended = caller.ended(leg)
    assert (ended.cause, result(ended, answered=True)) == (HangupCause.NORMAL, CallResult.ANSWERED)
    peer.finish()


@pytest.mark.parametrize("status", ["481 Call/Transaction Does Not Exist", "487 Request Terminated", "200 OK"])
def test_a_hang_up_while_our_hold_is_under_way(caller: Caller, play: Play, status: str) -> None:
    body = sdp(direction="recvonly", version=2) if status.startswith("200") else ""
    under_way = invite("a=sendonly") + HANGS_UP + answer_again(status, body)
    peer = play(script=scenario(ANSWERS, under_way))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hold(leg, True)
    assert caller.ended(leg).cause is HangupCause.NORMAL
    peer.finish()


@pytest.mark.parametrize("status", ["481 Call/Transaction Does Not Exist", "408 Request Timeout"])
def test_a_hold_that_is_told_that_the_call_is_gone_ends_the_call(caller: Caller, play: Play, status: str) -> None:
    peer = play(script=scenario(ANSWERS, invite(), answer_again(status), expect("ACK"), expect("BYE"), answer()))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hold(leg, True)
    assert caller.ended(leg).cause is HangupCause.LOST
    peer.finish()


def test_an_answer_that_crosses_our_cancel_is_hung_up_and_was_no_answer(caller: Caller, play: Play) -> None:
    crossing = expect("CANCEL") + answer("481 Gone") + answer_invite("200 OK", sdp()) + expect("ACK") + IS_HUNG_UP
    peer = play(script=scenario(RINGS, crossing))
    leg = caller.call(ROOM)
    caller.wait(LegRinging, leg)
    caller.backend.hang_up(leg)
    ended = caller.ended(leg)
    assert (ended.cause, result(ended)) == (HangupCause.CANCELLED, CallResult.CANCELLED)
    assert not caller.events(LegAnswered, leg)
    peer.finish()


def test_a_refusal_that_crosses_our_cancel(caller: Caller, play: Play) -> None:
    crossing = expect("CANCEL") + answer_invite("486 Busy Here", until_acknowledged=True) + expect("ACK")
    peer = play(script=scenario(RINGS, crossing))
    leg = caller.call(ROOM)
    caller.wait(LegRinging, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.CANCELLED
    peer.finish()


def test_a_peer_that_rings_for_ever_is_cancelled(caller: Caller, play: Play) -> None:
    again = "".join(pause(200) + RINGS for _ in range(3))
    peer = play(script=scenario(RINGS, again, expect("CANCEL"), CANCELLED))
    leg = caller.call(ROOM, ring_seconds=1.5)
    ended = caller.ended(leg)
    assert (ended.cause, result(ended)) == (HangupCause.NO_ANSWER, CallResult.NO_ANSWER)
    assert len(caller.events(LegRinging, leg)) == 1
    peer.finish()


def test_peers_that_never_answer_our_cancel_do_not_use_the_cell_up(caller: Caller, play: Play) -> None:
    for _ in range(3):
        peer = play(script=scenario(RINGS, expect("CANCEL")))
        leg = caller.call(ROOM, ring_seconds=0.5)
        ended = caller.ended(leg, seconds=5.0)
        assert (ended.cause, result(ended)) == (HangupCause.NO_ANSWER, CallResult.NO_ANSWER)
        peer.finish()
