"""Repeated, lost, unasked-for and broken messages."""

from __future__ import annotations

import os
import re
import signal
import socket

import pytest

from hookline.ports.telephony import DtmfReceived, HangupCause, LegAnswered, LegEnded, LegRinging
from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.sipp_peer import SippPeer
from tests.plugins.telephony_sip.sipp_room import ROOM, Play, call_once_more
from tests.plugins.telephony_sip.sipp_script import (
    ANSWERS,
    HANGS_UP,
    IS_HUNG_UP,
    RINGS,
    answer,
    answer_invite,
    expect,
    expect_reply,
    pause,
    raw,
    request,
    scenario,
    sdp,
)
from tests.plugins.telephony_sip.wire import Wire

pytestmark = pytest.mark.realtime
steady = pytest.mark.usefixtures("another_call")


def talk_and_hang_up(caller: Caller, peer: SippPeer) -> str:
    """Our side of an ordinary call."""
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    peer.finish()
    return leg


# --- repeated and lost ---


@steady
def test_an_invite_that_is_not_answered_is_repeated_and_rings_once(caller: Caller, play: Play) -> None:
    peer = play(script=scenario(pause(1300), RINGS, ANSWERS, IS_HUNG_UP))
    leg = talk_and_hang_up(caller, peer)
    assert len(re.findall(r"^INVITE sip:", peer.messages(), re.MULTILINE)) >= 2
    assert len(caller.events(LegRinging, leg)) == 1


def behind(wire: Wire, play: Play, caller: Caller, *steps: str) -> SippPeer:
    """A peer at the other end of the wire; it tells us to reach it there, too."""
    peer = play(script=scenario(*steps).replace("[local_port]", str(wire.port)))
    wire.lead_to(peer.port)
    caller.network = wire.network
    return peer


@steady
def test_a_network_that_repeats_everything_changes_nothing(caller: Caller, play: Play) -> None:
    with Wire(times=3) as wire:
        peer = behind(wire, play, caller, RINGS, ANSWERS, pause(100), HANGS_UP)
        leg = caller.call(ROOM)
        assert caller.ended(leg).cause is HangupCause.NORMAL
        peer.finish()
        assert wire.count("ACK") == 3, "each answer is acknowledged"
    assert [len(caller.events(kind, leg)) for kind in (LegRinging, LegAnswered, LegEnded)] == [1, 1, 1]


@steady
def test_a_network_that_repeats_a_refusal_changes_nothing(caller: Caller, play: Play) -> None:
    with Wire(times=3) as wire:
        peer = behind(wire, play, caller, RINGS, answer_invite("486 Busy Here"), expect("ACK"))
        leg = caller.call(ROOM)
        assert caller.ended(leg).cause is HangupCause.BUSY
        peer.finish()
    assert [len(caller.events(kind, leg)) for kind in (LegRinging, LegEnded)] == [1, 1]


@steady
@pytest.mark.parametrize("method", ["INVITE", "ACK", "BYE"])
def test_what_gets_lost_on_the_way_is_sent_again(caller: Caller, play: Play, method: str) -> None:
    with Wire(losing=method, lost=1) as wire:
        peer = behind(wire, play, caller, RINGS, ANSWERS, IS_HUNG_UP)
        leg = caller.call(ROOM)
        caller.wait(LegAnswered, leg)
        caller.log.wait_for(lambda: "\nACK sip:" in peer.messages(), 5.0)
        caller.backend.hang_up(leg)
        assert caller.ended(leg).cause is HangupCause.LOCAL
        peer.finish()
        assert wire.count(method) >= 2


@steady
def test_a_hang_up_that_comes_twice_is_one_end(caller: Caller, play: Play) -> None:
    peer = play(script=scenario(ANSWERS, pause(100), HANGS_UP, request("BYE", 10), expect_reply(200)))
    leg = caller.call(ROOM)
    assert caller.ended(leg).cause is HangupCause.NORMAL
    peer.finish()
    assert len(caller.events(LegEnded, leg)) == 1


@steady
def test_a_lost_reply_to_our_hang_up_is_asked_for_again(caller: Caller, play: Play) -> None:
    peer = play(script=scenario(ANSWERS, expect("BYE"), pause(700), answer()))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    caller.until(lambda: len(re.findall(r"^BYE sip:", peer.messages(), re.MULTILINE)) >= 2, "the BYE is repeated")
    peer.finish()


# --- requests inside the call ---


@steady
@pytest.mark.parametrize(("method", "body"), [("UPDATE", ""), ("UPDATE", sdp(version=2)), ("MESSAGE", "hello\n")])
def test_a_question_during_the_call_is_answered(caller: Caller, play: Play, method: str, body: str) -> None:
    kind = "text/plain" if method == "MESSAGE" else "application/sdp"
    peer = play(script=scenario(ANSWERS, request(method, 2, body, kind=kind), expect_reply(200), HANGS_UP))
    leg = caller.call(ROOM)
    assert caller.ended(leg).cause is HangupCause.NORMAL
    peer.finish()


@steady
@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 500), ("SUBSCRIBE", 500), ("NOTIFY", 500), ("PUBLISH", 500), ("FOO", 500), ("REFER", 400)],
)
def test_a_request_that_we_do_not_want_is_refused_and_the_call_goes_on(
    caller: Caller, play: Play, method: str, status: int
) -> None:
    """Who asks OPTIONS wants to know whether we are there: any answer but 408 and 481 says so."""
    peer = play(script=scenario(ANSWERS, request(method, 2), expect_reply(status), HANGS_UP))
    leg = caller.call(ROOM)
    assert caller.ended(leg).cause is HangupCause.NORMAL
    peer.finish()


@steady
def test_digits_by_info_are_not_heard(caller: Caller, play: Play) -> None:
    """A gateway may send a digit both ways; we ask for RFC 4733, so that is the one that counts."""
    asks = request("INFO", 2, "Signal=5\nDuration=160\n", kind="application/dtmf-relay") + expect_reply(200)
    peer = play(script=scenario(ANSWERS, asks, HANGS_UP))
    leg = caller.call(ROOM)
    caller.ended(leg)
    peer.finish()
    assert not caller.events(DtmfReceived, leg)


# --- broken ---

HEAD = "SIP/2.0 180 Ringing\nVia:[$via]\nFrom:[$from]\nTo:[$to];tag=[call_number]\n[last_Call-ID:]\nCSeq:[$cseq]\n"
END = "Content-Length: 0\n"
BROKEN = {
    "no such Via": HEAD.replace("Via:[$via]", "Via: SIP/2.0/UDP 192.0.2.1:9;branch=z9hG4bKnobody") + END,
    "a Via of garbage": HEAD.replace("Via:[$via]", "Via: %%%%;;;===,,,") + END,
    "no Via": HEAD.replace("Via:[$via]\n", "") + END,
    "no CSeq": HEAD.replace("CSeq:[$cseq]\n", "") + END,
    "a CSeq of garbage": HEAD.replace("CSeq:[$cseq]", "CSeq: 99999999999999999999 INVITE") + END,
    "no From and no To": HEAD.replace("From:[$from]\nTo:[$to];tag=[call_number]\n", "") + END,
    "a negative length": HEAD + "Content-Type: application/sdp\nContent-Length: -1\n\nv=0\n",
    "a contact of garbage": HEAD + "Contact: <<<>>>;;\nRecord-Route: ,,,\n" + END,
    "a version from the future": HEAD.replace("SIP/2.0 180", "SIP/9.9 180") + END,
    "no SIP at all": "hello, is there anybody\n",
}
TYPED = f"{HEAD}Content-Type: application/sdp\n"
BROKEN_BODIES = {
    "a length that is a lie": TYPED + "Content-Length: 9999\n\nv=0\n",
    "a body of garbage": TYPED + "Content-Length: [len]\n\nthis is: no = description\n",
}


@steady
@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_reply_does_not_stop_the_call(caller: Caller, play: Play, what: str) -> None:
    peer = play(script=scenario(raw(BROKEN[what]), pause(50), RINGS, ANSWERS, IS_HUNG_UP))
    leg = talk_and_hang_up(caller, peer)
    assert len(caller.events(LegAnswered, leg)) == 1


@steady
@pytest.mark.parametrize("what", BROKEN_BODIES)
def test_a_description_that_cannot_be_read_ends_the_call(caller: Caller, play: Play, what: str) -> None:
    ends = answer_invite("487 Request Terminated", until_acknowledged=True) + expect("ACK")
    peer = play(script=scenario(raw(BROKEN_BODIES[what]), expect("CANCEL"), answer(), ends))
    leg = caller.call(ROOM)
    # The library cancels by itself and does not say why, so the 487 is all there is to go by.
    assert caller.ended(leg).cause is HangupCause.NO_ANSWER
    assert not caller.events(LegAnswered, leg)
    peer.finish()


def torture() -> list[bytes]:
    """Datagrams that nobody should send: cut off, doubled, and with every header made senseless."""
    whole = (
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )
    request = whole.replace(b"SIP/2.0 200 OK", b"INVITE sip:nobody@127.0.0.1 SIP/2.0")
    cut = [message[:end] for message in (whole, request) for end in range(0, len(message), 13)]
    names = (b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Content-Length")
    senseless = [
        re.sub(rb"(?m)^" + name + rb":.*$", name + b": " + value, message)
        for message in (whole, request)
        for name in names
        for value in (b"", b"\x00\xff\xfe", b"<" * 200, b"-1", b";;;;", b'"', b"%n%s%x")
    ]
    return [*cut, *senseless, whole + request, bytes(range(256)), b"\x00" * 1500, b"\r\n" * 700]


def test_datagrams_of_garbage_kill_no_cell_or_are_a_loss_that_is_made_good(
    caller: Caller, play: Play, plain: SippPeer
) -> None:
    """PJSIP may abort at a datagram (docs/adr/0004): then the call is lost, and the next one has a new cell."""
    peer = play(script=scenario(ANSWERS, IS_HUNG_UP))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    port = int(re.search(r"^Contact: <sip:hookline@127\.0\.0\.1:(\d+)", peer.messages(), re.MULTILINE)[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for datagram in torture():
            stranger.sendto(datagram, ("127.0.0.1", port))
    caller.log.wait_for(lambda: bool(caller.events(LegEnded, leg)), 1.0)
    if not caller.events(LegEnded, leg):
        caller.backend.hang_up(leg)
    ended = caller.ended(leg)
    assert ended.cause in (HangupCause.LOCAL, HangupCause.LOST)
    caller.until(lambda: caller.backend.alive_cells() >= 1, "there is a cell for the next call")
    caller.network = plain.network
    following = caller.call(ROOM)
    caller.wait(LegAnswered, following)
    caller.backend.hang_up(following)
    assert caller.ended(following).cause is HangupCause.LOCAL


def test_a_cell_that_dies_of_a_packet_is_a_loss_and_the_next_call_has_a_new_one(
    caller: Caller, play: Play, plain: SippPeer
) -> None:
    peer = play(script=scenario(ANSWERS, pause(5000)))
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    dead = caller.backend.cell_pid(ROOM)
    assert dead is not None
    os.kill(dead, signal.SIGABRT)  # what a failed assertion of the library does
    assert caller.ended(leg).cause is HangupCause.LOST
    peer.__exit__()
    caller.network = plain.network
    following = caller.call(ROOM)
    caller.wait(LegAnswered, following)
    assert caller.backend.cell_pid(ROOM) not in (None, dead)
    call_once_more(caller, plain)
