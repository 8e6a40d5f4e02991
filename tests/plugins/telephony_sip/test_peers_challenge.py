"""Trunks that want to know who calls: SIPp checks the digest itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hookline.domain.calls import CallResult, result_of
from hookline.ports.telephony import HangupCause, LegAnswered
from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.sipp_peer import SippPeer
from tests.plugins.telephony_sip.sipp_room import ROOM, call_once_more
from tests.plugins.telephony_sip.sipp_script import (
    ANSWERS,
    IS_HUNG_UP,
    answer_invite,
    expect,
    invite,
    invite_with_digest,
    label,
    scenario,
)

pytestmark = pytest.mark.realtime

PeerWith = Callable[..., SippPeer]
ASKS = {
    "401": ("401 Unauthorized", "WWW-Authenticate"),
    "407": ("407 Proxy Authentication Required", "Proxy-Authenticate"),
}


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    """Calls over a trunk that has a password."""
    caller = Caller(username="hookline", password="secret")
    yield caller
    caller.backend.stop()


def asks(code: str, nonce: str, *, stale: bool = False, then: str = "") -> str:
    """The challenge."""
    status, header = ASKS[code]
    words = f'{header}: Digest realm="trunk", nonce="{nonce}", algorithm=MD5{", stale=true" if stale else ""}'
    return refuses(status, words, then=then)


def refuses(status: str, *headers: str, then: str = "") -> str:
    """A refusal."""
    return answer_invite(status, headers=headers, until_acknowledged=True) + expect("ACK", then=then)


def digest(messages: str, code: str, nonce: str) -> tuple[str, str]:
    """The response in the INVITE that answers this nonce, and what it should be with the right password."""
    header = "Proxy-Authorization" if code == "407" else "Authorization"
    found = re.search(
        rf'^{header}: Digest .*nonce="{nonce}", uri="([^"]*)", response="([^"]*)"', messages, re.MULTILINE
    )
    assert found, messages
    uri, response = found.groups()
    return response, _md5(f"{_md5('hookline:trunk:secret')}:{nonce}:{_md5(f'INVITE:{uri}')}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def peer_with(caller: Caller, plain: SippPeer, tmp_path: Path) -> Iterator[PeerWith]:
    """Start a peer from the steps of its scenario, as the trunk's other end; after the test, the cell calls again."""
    peers: list[SippPeer] = []

    def start(*steps: str) -> SippPeer:
        peers.append(SippPeer("", tmp_path, script=scenario(*steps)))
        caller.network = peers[0].network
        return peers[0]

    yield start
    for peer in peers:
        peer.__exit__()
    call_once_more(caller, plain)


@pytest.mark.parametrize("code", ASKS)
def test_the_right_password_gets_the_call_through(caller: Caller, peer_with: PeerWith, code: str) -> None:
    peer = peer_with(asks(code, "first"), invite(), ANSWERS, IS_HUNG_UP)
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    peer.finish()
    sent, right = digest(peer.messages(), code, "first")
    assert sent == right


@pytest.mark.parametrize("password", ["secret", "changed"])
def test_sipp_finds_the_password_right_or_wrong(caller: Caller, peer_with: PeerWith, password: str) -> None:
    talk = label("right") + ANSWERS + IS_HUNG_UP
    peer_with(asks("401", "first"), invite_with_digest("hookline", password, "right"), refuses("403 Forbidden"), talk)
    leg = caller.call(ROOM)
    if password == "secret":
        caller.wait(LegAnswered, leg)
        caller.backend.hang_up(leg)
        assert caller.ended(leg).cause is HangupCause.LOCAL
        return
    ended = caller.ended(leg)
    assert (ended.cause, ended.code) == (HangupCause.FAILED, 403)
    assert result_of(ended.cause.value, answered=False, agent_connected=False) is CallResult.FAILED


@pytest.mark.parametrize("code", ASKS)
def test_a_trunk_that_finds_the_password_wrong_again_and_again_is_left(
    caller: Caller, peer_with: PeerWith, code: str
) -> None:
    again = label("again") + invite() + asks(code, "nonce[call_number]x[cseq]", then="again")
    peer = peer_with(asks(code, "first"), again)
    ended = caller.ended(caller.call(ROOM))
    assert (ended.cause, ended.code) == (HangupCause.FAILED, int(code))
    assert peer.messages().count("\nINVITE sip:") <= 5


@pytest.mark.parametrize("code", ASKS)
def test_a_nonce_that_is_out_of_date_is_replaced(caller: Caller, peer_with: PeerWith, code: str) -> None:
    again = invite() + asks(code, "second", stale=True) + invite()
    peer = peer_with(asks(code, "first"), again, ANSWERS, IS_HUNG_UP)
    leg = caller.call(ROOM)
    caller.wait(LegAnswered, leg)
    caller.backend.hang_up(leg)
    assert caller.ended(leg).cause is HangupCause.LOCAL
    peer.finish()
    sent, right = digest(peer.messages(), code, "second")
    assert sent == right


def test_a_trunk_that_asks_for_a_password_which_there_is_none(plain: SippPeer, tmp_path: Path) -> None:
    caller = Caller()
    with SippPeer("", tmp_path, script=scenario(asks("407", "first"))) as peer:
        caller.network = peer.network
        ended = caller.ended(caller.call(ROOM))
        assert (ended.cause, ended.code) == (HangupCause.FAILED, 407)
        peer.finish()
    call_once_more(caller, plain)
    caller.backend.stop()
