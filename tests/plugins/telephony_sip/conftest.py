"""What tests with SIPp share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.telephony_sip.sip_legs import Caller
from tests.plugins.telephony_sip.sipp_peer import SippPeer
from tests.plugins.telephony_sip.sipp_room import ROOM, Play, all_ended, call_once_more


@pytest.fixture(scope="module")
def shared() -> Iterator[Caller]:
    """The module's backend."""
    caller = Caller()
    yield caller
    caller.backend.stop()


@pytest.fixture
def caller(shared: Caller) -> Iterator[Caller]:
    """The module's backend, with no leg of an earlier test."""
    yield shared
    shared.backend.close_conversation(ROOM)
    shared.until(lambda: all_ended(shared), "every leg ends")


@pytest.fixture
def play(tmp_path: Path, caller: Caller) -> Iterator[Play]:
    """Starts SIPp peers; see `Play`."""
    peers: list[SippPeer] = []

    def start(scenario: str = "", **fields: str) -> SippPeer:
        folder = tmp_path / str(len(peers))
        folder.mkdir()
        peer = SippPeer(scenario, folder, **fields)  # type: ignore[arg-type]
        peers.append(peer)
        caller.network = peer.network
        return peer

    yield start
    for peer in peers:
        peer.__exit__()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SippPeer]:
    """A peer that answers each call and waits to be hung up."""
    with SippPeer("answer", tmp_path_factory.mktemp("plain"), calls=1000) as peer:
        yield peer


@pytest.fixture
def another_call(caller: Caller, plain: SippPeer) -> Iterator[None]:
    """After the test, the same cell places another call."""
    yield
    call_once_more(caller, plain)
