"""The far end's signalling, seen from a bare UDP socket: whatever a library would hide is visible here."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from hookline_telephony_sip.far_end.bare_caller import Caller, remote_rtp, rtp_packet
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.sip.addresses import parse_name_addr
from hookline_telephony_sip.sip.messages import Request, Response

TONE = {"kind": "answer", "ring_seconds": 0, "sound": {"kind": "tone", "frequency": 440}}
NUMBERS = {
    "100": TONE,
    "101": {"kind": "answer", "ring_seconds": None},
    "102": {"kind": "busy"},
    "103": {"kind": "no_answer", "gives_up_after_seconds": 0.2},
    "104": {"kind": "silent"},
    "105": {"kind": "answer", "ring_seconds": 0.3, "early_media": True},
    "106": {"kind": "answer", "ring_seconds": 0, "hang_up_after_seconds": 0},
    "107": {"kind": "status", "status": 484, "reason": "Too Short"},
    "108": {"kind": "answer", "ring_seconds": 0, "sound": {"kind": "echo"}},
}


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    numbers = [{"number": number, "behaviour": behaviour} for number, behaviour in NUMBERS.items()]
    with FarEndProcess({"numbers": numbers, "phones": [{"name": "anna", "answer_after_seconds": 0}]}) as process:
        yield process
        assert process.control.stats()["errors"] == 0, process.log_text()


@pytest.fixture
def caller(far_end: FarEndProcess) -> Iterator[Caller]:
    with Caller(far_end.network) as made:
        yield made


def record_of(far_end: FarEndProcess, caller: Caller, *states: str) -> dict[str, object]:
    def look() -> dict[str, object] | None:
        every = far_end.control.calls() + far_end.control.history()
        mine = [item for item in every if item["call_id"] == caller.call_id]
        return next((item for item in mine if item["state"] in states), None)

    found = far_end.control.wait_until(look)
    assert found is not None
    return found


def test_a_call_is_answered_talks_and_ends(far_end: FarEndProcess, caller: Caller) -> None:
    answer = caller.talk("100", extra="Record-Route: <sip:127.0.0.1:1;lr>\r\nX-Campaign: spring\r\nX-Campaign-2: é\r\n")
    assert answer.headers.every("Record-Route") == ["<sip:127.0.0.1:1;lr>"]
    packets = [caller.rtp.recv(2048) for _ in range(5)]
    assert {packet[1] & 0x7F for packet in packets} == {0}
    assert {len(packet) for packet in packets} == {172}
    record = record_of(far_end, caller, "confirmed")
    assert (record["to"], record["from"], record["phone"]) == ("100", "caller", "")
    assert record["headers"] == {"X-Campaign": "spring", "X-Campaign-2": "é"}
    caller.hang_up()
    record = record_of(far_end, caller, "ended")
    assert (record["ended_by"], record["code"]) == ("caller", 200)


def test_a_final_response_is_repeated_until_the_ack(far_end: FarEndProcess, caller: Caller) -> None:
    caller.dial("102")
    responses = [caller.until(486) for _ in range(2)]
    assert responses[0].to_bytes() == responses[1].to_bytes()
    caller.ack(responses[0])
    caller.socket.settimeout(1.6)
    with pytest.raises(TimeoutError):
        caller.until(486)


def test_a_200_is_repeated_until_the_ack_and_a_repeated_invite_makes_no_second_call(
    far_end: FarEndProcess, caller: Caller
) -> None:
    caller.dial("100")
    first = caller.until(200)
    assert caller.invite is not None
    caller.socket.sendto(caller.invite.to_bytes(), caller.peer)
    again = caller.until(200)
    assert again.headers.first("To") == first.headers.first("To")
    caller.until(200)  # by its own timer
    calls = [item for item in far_end.control.calls() if item["call_id"] == caller.call_id]
    assert len(calls) == 1
    caller.ack(first)
    assert record_of(far_end, caller, "confirmed")["id"] == calls[0]["id"]
    caller.hang_up()


def test_cancel_ends_the_ringing_with_487(far_end: FarEndProcess, caller: Caller) -> None:
    caller.dial("101")
    caller.until(180)
    assert caller.invite is not None
    branch = f"{caller.call_id}-INVITE-1"
    caller.send("CANCEL", "101", branch=branch, cseq=1)
    statuses: set[int] = set()
    while {200, 487} - statuses:
        response = caller.receive()
        assert isinstance(response, Response)
        statuses.add(response.status)
    record = record_of(far_end, caller, "ended")
    assert (record["ended_by"], record["code"]) == ("cancel", 487)
    caller.send("CANCEL", "101", branch="nonsense")
    caller.until(481)


def test_the_control_channel_answers_and_hangs_up(far_end: FarEndProcess, caller: Caller) -> None:
    caller.dial("101")
    caller.until(180)
    call_id = str(record_of(far_end, caller, "ringing")["id"])
    far_end.control.answer(call_id)
    caller.ack(caller.until(200))
    record_of(far_end, caller, "confirmed")
    far_end.control.hang_up(call_id)
    bye = caller.receive()
    assert isinstance(bye, Request)
    assert (bye.method, bye.call_id) == ("BYE", caller.call_id)
    assert parse_name_addr(bye.headers.first("From")).tag == caller.to_tag
    repeated = caller.receive()
    assert isinstance(repeated, Request)
    assert repeated.to_bytes() == bye.to_bytes()  # nobody answered it
    assert record_of(far_end, caller, "ended")["ended_by"] == "control"


def test_a_call_not_yet_answered_is_hung_up_with_480(far_end: FarEndProcess, caller: Caller) -> None:
    caller.dial("101")
    caller.until(180)
    far_end.control.hang_up(str(record_of(far_end, caller, "ringing")["id"]))
    caller.ack(caller.until(480))


@pytest.mark.parametrize(("number", "status", "reason"), [("103", 480, "Temporarily"), ("107", 484, "Too Short")])
def test_refusals_carry_their_status(caller: Caller, number: str, status: int, reason: str) -> None:
    caller.dial(number)
    response = caller.until(status)
    assert response.reason.startswith(reason)
    caller.ack(response)


def test_a_silent_number_never_replies(far_end: FarEndProcess, caller: Caller) -> None:
    caller.dial("104")
    record_of(far_end, caller, "silent")
    caller.send("CANCEL", "104", branch=f"{caller.call_id}-INVITE-1", cseq=1)
    assert record_of(far_end, caller, "ended")["ended_by"] == "cancel"
    caller.socket.settimeout(0.8)
    with pytest.raises(TimeoutError):
        caller.receive()


def test_early_media_is_heard_before_the_answer(caller: Caller) -> None:
    caller.dial("105")
    progress = caller.until(183)
    assert b"m=audio" in progress.body
    assert len(caller.rtp.recv(2048)) == 172
    caller.ack(caller.until(200))
    caller.hang_up()


def test_hanging_up_right_after_the_answer_waits_for_the_ack(far_end: FarEndProcess, caller: Caller) -> None:
    caller.talk("106")
    bye = caller.receive()
    assert isinstance(bye, Request)
    assert bye.method == "BYE"
    assert record_of(far_end, caller, "ended")["ended_by"] == "far_end"


def test_hold_stops_the_audio_and_resume_brings_it_back(far_end: FarEndProcess, caller: Caller) -> None:
    caller.talk("100")
    caller.rtp.recv(2048)
    for direction, mirrored in (("sendonly", "recvonly"), ("inactive", "inactive"), ("sendrecv", "sendrecv")):
        caller.send("INVITE", body=caller.offer(direction))
        answer = caller.until(200)
        caller.ack(answer)
        assert f"a={mirrored}".encode() in answer.body
        held = direction != "sendrecv"
        record = record_of(far_end, caller, "confirmed")
        assert record["on_hold"] is held
        if held:
            assert silent_within(caller.rtp, 0.3)
    assert len(caller.rtp.recv(2048)) == 172
    assert record_of(far_end, caller, "confirmed")["times_held"] == 1
    caller.hang_up()


def silent_within(rtp: socket.socket, seconds: float) -> bool:
    """Empty the buffer, then hear nothing for so long."""
    rtp.setblocking(False)
    try:
        while True:
            rtp.recv(2048)
    except BlockingIOError:
        rtp.settimeout(seconds)
    try:
        rtp.recv(2048)
    except TimeoutError:
        return True
    finally:
        rtp.settimeout(5)
    return False


def test_digits_come_in_by_events_and_by_info(far_end: FarEndProcess, caller: Caller) -> None:
    target = remote_rtp(caller.talk("100"))
    for digit, timestamp in ((5, 800), (11, 2400)):
        for duration in (160, 320, 480):
            event = struct.pack("!BBH", digit, 0x8A if duration == 480 else 0x0A, duration)
            caller.rtp.sendto(rtp_packet(101, duration, timestamp, event), target)
    caller.send("INFO", body=b"Signal=7\r\nDuration=100\r\n", extra="Content-Type: application/dtmf-relay\r\n")
    caller.until(200)
    heard = far_end.control.wait_until(lambda: len(str(record_of(far_end, caller, "confirmed")["dtmf_received"])) == 3)
    assert heard
    assert record_of(far_end, caller, "confirmed")["dtmf_received"] == "5#7"
    caller.hang_up()


def test_digits_go_out_as_events(far_end: FarEndProcess, caller: Caller) -> None:
    caller.talk("100")
    far_end.control.send_dtmf(str(record_of(far_end, caller, "confirmed")["id"]), "1*")
    events: dict[int, list[bytes]] = {}
    while not (len(events) == 2 and len(list(events.values())[1]) == 10):
        packet = caller.rtp.recv(2048)
        if packet[1] & 0x7F == 101:
            events.setdefault(int.from_bytes(packet[4:8], "big"), []).append(packet[12:])
    assert [packets[0][0] for packets in events.values()] == [1, 10]
    ended = [packet for packets in events.values() for packet in packets if packet[1] & 0x80]
    assert len(ended) == 6
    caller.hang_up()


def test_an_offer_may_come_late(far_end: FarEndProcess, caller: Caller) -> None:
    caller.dial("100", body=b"")
    answer = caller.until(200)
    assert b"RTP/AVP 8 0 101" in answer.body
    caller.ack(answer, body=caller.offer())
    assert len(caller.rtp.recv(2048)) == 172
    caller.hang_up()


def test_echo_comes_back(caller: Caller) -> None:
    target = remote_rtp(caller.talk("108"))
    for sequence in range(3):
        caller.rtp.sendto(rtp_packet(0, sequence, sequence * 160, bytes([sequence]) * 160), target)
    assert [caller.rtp.recv(2048)[12] for _ in range(3)] == [0, 1, 2]
    caller.hang_up()


def test_offers_and_requests_that_cannot_be_met_are_refused(far_end: FarEndProcess, caller: Caller) -> None:
    caller.dial("100", body=caller.offer().replace(b"RTP/AVP 0 101", b"RTP/AVP 9"))
    caller.ack(caller.until(488))
    for number, (body, extra, status) in enumerate(
        [(b"not sdp", "", 400), (caller.offer(), "Require: 100rel\r\n", 420)]
    ):
        with Caller(far_end.network) as other:
            other.dial(f"10{number}", body=body, extra=extra)
            other.ack(other.until(status))


def test_requests_outside_a_call_are_answered(caller: Caller) -> None:
    for method, status in (("OPTIONS", 200), ("REGISTER", 200), ("BYE", 481), ("SUBSCRIBE", 501)):
        caller.send(method, "100")
        response = caller.until(status)
        assert "INVITE" in response.headers.first("Allow")
    caller.to_tag = "unknown"
    caller.send("BYE")
    caller.until(481)


def test_phones_answer_at_their_own_address(far_end: FarEndProcess) -> None:
    with Caller(far_end.phones["anna"].partition("@")[2]) as other:
        other.talk("anna")
        assert record_of(far_end, other, "confirmed")["phone"] == "anna"
        other.hang_up()
    with Caller(far_end.phones["anna"].partition("@")[2]) as other:
        other.dial("nobody")
        other.ack(other.until(404))


def test_behaviours_change_while_it_runs(far_end: FarEndProcess) -> None:
    far_end.control.set("+48 555", {"kind": "decline"})
    far_end.control.set_phone({"name": "anna", "answer": "decline"})
    for address, to in ((far_end.network, "48555"), (far_end.phones["anna"].partition("@")[2], "anna")):
        with Caller(address) as other:
            other.dial(to)
            other.ack(other.until(603))
