"""Calls that come in: who may call, what a listener survives, and that talks go on whatever becomes of it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from hookline.ports.telephony import HangupCause, LegEnded
from hookline_telephony_sip.far_end.process import FarEndProcess
from hookline_telephony_sip.listener.registrar import Registrar
from hookline_telephony_sip.listener.words import Login, Registered, Word
from hookline_telephony_sip.sip.messages import Response, parse_message
from tests.plugins.telephony_sip.listener_desk import AGENT, PHONE, Desk
from tests.plugins.telephony_sip.test_far_end_hostile import HOSTILE
from tests.plugins.telephony_sip.torture_messages import AT_THE_LISTENER, MESSAGES, answers

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def far_end() -> Iterator[FarEndProcess]:
    with FarEndProcess({"phones": [PHONE]}) as process:
        yield process


@pytest.fixture(scope="module")
def desk(far_end: FarEndProcess) -> Iterator[Desk]:
    desk = Desk(far_end)
    yield desk
    desk.stop()


def test_a_listener_that_is_killed_is_back_within_a_second_and_calls_go_on(desk: Desk) -> None:
    person, leg = desk.talk()
    waiting, offer = desk.rings_in()
    former = desk.backend.listener_pid
    assert former is not None
    os.kill(former, signal.SIGKILL)
    assert desk.ended(offer.leg_id).cause is HangupCause.LOST
    desk.until(lambda: desk.backend.listener_pid not in (None, former), "another listens")
    desk.until(lambda: person.hears_tone(AGENT), "the talk goes on")
    other, _ = desk.rings_in()
    other.hang_up()
    person.hang_up()
    assert desk.ended(leg).cause is HangupCause.NORMAL
    desk.until(person.ended.is_set, "the caller is told")
    assert not waiting.answered


def test_our_hang_up_reaches_the_caller_through_the_listener(desk: Desk) -> None:
    person, leg = desk.talk()
    desk.backend.hang_up(leg)
    assert desk.ended(leg).cause is HangupCause.LOCAL
    desk.until(person.ended.is_set, "the caller is hung up")


def test_a_stranger_gets_no_answer_at_all(desk: Desk) -> None:
    before = len(desk.log.events)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.settimeout(0.5)
        for method in (b"INVITE", b"OPTIONS", b"REGISTER"):
            stranger.sendto(_request(method, stranger.getsockname()), desk.address)
        with pytest.raises(TimeoutError):
            stranger.recv(65535)
    assert len(desk.log.events) == before


def test_the_far_side_cannot_have_a_cell_dial(desk: Desk) -> None:
    person, leg = desk.talk()
    assert person.asks("REFER", "Refer-To: <sip:+48600000000@x>\r\n") == 501
    person.hang_up()
    desk.ended(leg)


def _request(method: bytes, source: tuple[str, int], number: int = 0) -> bytes:
    call = b"%d-%d" % (number, source[1])
    return (
        method + b" sip:+48221000000@127.0.0.1 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP " + source[0].encode() + b":%d;branch=z9hG4bK" % source[1] + call + b"\r\n"
        b"Max-Forwards: 70\r\nFrom: <sip:+48500000000@x>;tag=1\r\nTo: <sip:+48221000000@x>\r\n"
        b"Call-ID: " + call + b"\r\nCSeq: 1 " + method + b"\r\nContact: <sip:a@127.0.0.1>\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


def _noise(count: int) -> Iterator[bytes]:
    """Messages that were well-formed, with bytes changed, cut out, doubled."""
    chance = random.Random(4475)
    seeds = [
        *MESSAGES.values(),
        *(_request(method, ("127.0.0.1", 9)) for method in (b"INVITE", b"BYE", b"CANCEL", b"ACK")),
    ]
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data))
            change = chance.choice((b"", bytes([chance.randrange(256)]), bytes(data[at : at + 9]) * 2))
            data[at : at + chance.randint(0, 4)] = change
        yield bytes(data)


def _survives(desk: Desk, count: int) -> bool:
    """Whether a talk, and then another call, outlive so many damaged datagrams."""
    person, leg = desk.talk()
    former = desk.backend.listener_pid
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number, data in enumerate([*HOSTILE, *_noise(count)]):
            sender.sendto(data, desk.address)
            if number % 50 == 0:
                desk.log.wait_for(lambda: False, 0.005)  # the socket's own buffer must not be what saves the listener
    desk.until(lambda: person.hears_tone(AGENT), "the talk goes on")
    assert not desk.events(LegEnded, leg)
    assert desk.backend.listener_pid == former, "no datagram ends it"
    person.hang_up()
    assert desk.ended(leg).cause is HangupCause.NORMAL
    desk.nobody_rings()
    other, offer = desk.rings_in()
    desk.backend.hang_up(offer.leg_id)
    desk.until(lambda: 603 in other.statuses, "it goes on taking calls")
    return desk.backend.listener_pid == former


def test_each_torture_message_is_answered_as_the_rfc_asks_and_a_talk_goes_on(desk: Desk) -> None:
    assert answers(desk, AT_THE_LISTENER) == AT_THE_LISTENER


def test_hostile_and_damaged_datagrams_touch_no_call(desk: Desk) -> None:
    assert _survives(desk, 2000)


@pytest.mark.long
def test_a_hundred_thousand_damaged_datagrams_touch_no_call(desk: Desk) -> None:
    assert _survives(desk, 100_000)


def test_a_flood_of_calls_is_turned_away_and_everything_is_free_again(desk: Desk) -> None:
    person, leg = desk.talk()
    statuses: dict[int, int] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        flood.bind(("127.0.0.1", 0))
        begun = time.monotonic()
        for number in range(300):  # 150 a second
            flood.sendto(_request(b"INVITE", flood.getsockname(), number), desk.address)
            while (left := begun + number / 150 - time.monotonic()) > 0:
                _count(flood, left, statuses)
        while _count(flood, 0.2, statuses):
            pass
    assert statuses.get(503, 0) > 100, statuses
    assert 0 < statuses.get(180, 0) < 200, statuses
    desk.nobody_rings()
    assert person.hears_tone(AGENT)
    person.hang_up()
    assert desk.ended(leg).cause is HangupCause.NORMAL


def _count(flood: socket.socket, seconds: float, statuses: dict[int, int]) -> bool:
    """Count one response; whether one came in so many seconds."""
    flood.settimeout(seconds)
    try:
        message = parse_message(flood.recv(65535))
    except TimeoutError:
        return False
    if isinstance(message, Response):
        statuses[message.status] = statuses.get(message.status, 0) + 1
    return True


def test_a_trunk_that_wants_to_know_where_we_are_is_told_with_a_digest() -> None:
    login = {"username": "hookline", "password": "secret"}
    with FarEndProcess({"login": login}) as asking:
        right, wrong = asyncio.run(_register(asking.network, "secret")), asyncio.run(_register(asking.network, "guess"))
    assert (right, wrong) == (200, 401)


async def _register(network: str, password: str) -> int:
    host, port = network.split(":")
    told: asyncio.Queue[Word] = asyncio.Queue()

    class Socket(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            message = parse_message(data)
            assert isinstance(message, Response)
            registrar.heard(message)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Socket, local_addr=("127.0.0.1", 0))
    registrar = Registrar(transport.get_extra_info("sockname"), transport.sendto, told.put_nowait)
    registrar.keep((Login("1", host, int(port), "hookline", password),), {"1": [host]})
    word = await asyncio.wait_for(told.get(), 10)
    registrar.keep((), {})
    transport.close()
    assert isinstance(word, Registered)
    return word.status
