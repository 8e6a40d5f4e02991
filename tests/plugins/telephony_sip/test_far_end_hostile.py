"""What the far end makes of datagrams and control requests that no well-behaved peer would send."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

import pytest

from hookline_telephony_sip.far_end.bare_caller import Caller, remote_rtp
from hookline_telephony_sip.far_end.process import FarEndProcess


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    with FarEndProcess({"default": {"kind": "answer", "ring_seconds": 0}}) as process:
        yield process
        assert process.control.stats()["errors"] == 0, process.log_text()


@pytest.fixture
def caller(far_end: FarEndProcess) -> Iterator[Caller]:
    with Caller(far_end.network) as made:
        yield made


HOSTILE = [
    b"",
    b"\r\n\r\n",
    b"\x00" * 4,
    b"\xff" * 2000,
    b"A" * 60000,
    b"INVITE",
    b"INVITE sip:100@x SIP/2.0\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: x\r\nFrom: a\r\nTo: b\r\nCall-ID: c\r\nCSeq: 1 BYE\r\n\r\n",
    b"INVITE sip:100@x SIP/2.0\r\nVia: SIP/2.0/UDP :::\r\nFrom: <\r\nTo: >\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n",
    b"INVITE http://x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1\r\nFrom: a\r\nTo: b\r\ni: d\r\nCSeq: 1 INVITE\r\n\r\n",
    b"INVITE sip:100@x SIP/2.0\r\n" + b"Via: SIP/2.0/UDP 127.0.0.1\r\n" * 300 + b"\r\n",
]


def test_hostile_datagrams_are_dropped_and_calls_go_on(far_end: FarEndProcess, caller: Caller) -> None:
    answer = caller.talk("100")
    before = far_end.control.stats()["malformed"]
    for data in HOSTILE:
        caller.socket.sendto(data, caller.peer)
        caller.rtp.sendto(data, remote_rtp(answer))
    malformed = far_end.control.wait_until(lambda: far_end.control.stats()["malformed"] - before >= len(HOSTILE) - 3)
    assert malformed
    caller.rtp.recv(2048)
    caller.hang_up()
    assert far_end.running


def test_requests_that_make_no_sense_to_the_control_channel_are_explained(far_end: FarEndProcess) -> None:
    for line in (b"no json\n", b"[]\n", b'{"op": "fly"}\n', b'{"op": "hangup"}\n', b'{"op": "hear", "id": []}\n'):
        host, port = far_end.control._socket.getpeername()
        with socket.create_connection((host, port), timeout=5) as connection:
            connection.sendall(line)
            assert b'"ok": false' in connection.makefile("rb").readline()


def torture() -> list[bytes]:
    """Messages in the manner of RFC 4475: allowed but odd, and odd beyond what is allowed."""
    tail = "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCSeq: 1 {0}\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n"
    via = "Via: SIP/2.0/UDP 127.0.0.1:{1};branch=z9hG4bK{2};rport\r\nCall-ID: torture{2}\r\n"
    lines = [
        ("OPTIONS", "OPTIONS sip:user%00null@x SIP/2.0\r\n"),
        (
            "!interesting-Method0123456789_*+`.%indeed'~",
            "{0} sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?@x SIP/2.0\r\n",
        ),
        ("INVITE", "INVITE sip:100@[::1;x SIP/2.0\r\n"),
        ("INVITE", "INVITE <sip:100@x> SIP/2.0\r\n"),
        ("INVITE", "INVITE unknown:stuff SIP/2.0\r\n"),
        ("INVITE", "INVITE sip:100@x:99999 SIP/2.0\r\n"),
        ("INVITE", "INVITE sip:100@x; lr SIP/2.0\r\n"),
        ("REGISTER", "REGISTER sip:x SIP/2.0\r\nExpires: 99999999999999999999999999\r\nContact: *\r\n"),
        ("ACK", "ACK sip:x SIP/2.0\r\n"),
        ("CANCEL", "CANCEL sip:x SIP/2.0\r\n"),
        ("INVITE", "INVITE sip:x SIP/2.0\r\nContact: <sip:unclosed\r\n"),
        ("INVITE", 'INVITE sip:x SIP/2.0\r\nRecord-Route: "<sip:a\r\nContact: sip:b@c:1;;;=\r\n'),
    ]
    found = []
    for number, (method, start) in enumerate(lines):
        text = start.replace("{0}", method) + via.replace("{2}", str(number)) + tail.replace("{0}", method)
        found.append(text.replace("{1}", "9").encode())
    return found


def test_torture_messages_do_no_harm(far_end: FarEndProcess, caller: Caller) -> None:
    for data in torture():
        caller.socket.sendto(data, caller.peer)
    caller.send("OPTIONS", "100", branch="last-of-all")
    while "last-of-all" not in caller.until(200).headers.first("Via"):
        assert far_end.running
    assert far_end.control.stats()["errors"] == 0, far_end.log_text()
    for call in far_end.control.calls():
        far_end.control.hang_up(call["id"])


def test_bytes_changed_anywhere_in_a_call_do_no_harm(far_end: FarEndProcess, caller: Caller) -> None:
    """Every place of an INVITE is broken once; most of these are still calls, and all of them are survived."""
    chance = random.Random(7)
    caller.dial("100")
    assert caller.invite is not None
    whole = caller.invite.to_bytes()
    for place in range(0, len(whole), 3):
        broken = bytearray(whole.replace(b"z9hG4bK", b"z9hG4bK%d" % place))
        broken[place] = chance.randrange(256)
        caller.socket.sendto(bytes(broken), caller.peer)
    caller.send("OPTIONS", "100", branch="very-last")
    assert far_end.control.wait_until(lambda: far_end.control.stats()["malformed"] > 0)
    assert far_end.control.stats()["errors"] == 0, far_end.log_text()
    for call in far_end.control.calls():
        far_end.control.hang_up(call["id"])
    assert far_end.running


def test_a_call_whose_caller_has_died_is_ended() -> None:
    with (
        FarEndProcess({"default": {"kind": "answer", "ring_seconds": 0}, "media_timeout_seconds": 1}) as process,
        Caller(process.network) as dying,
    ):
        dying.talk("100")
        record = process.control.wait_for_call("ended", to="100")
        assert record["ended_by"] == "media_timeout"
