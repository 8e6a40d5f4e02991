"""The guard itself: it stops what would leave the machine and lets loopback through."""

from __future__ import annotations

import socket

import pytest

from hookline.testing.network_guard import BeyondLoopback, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost", b"127.0.0.1", None])
def test_this_machine_is_loopback(host: object) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "2001:db8::1", "example.org", "::"])
def test_everything_else_is_not(host: object) -> None:
    assert not is_loopback(host)


def test_connecting_out_is_stopped(loopback_only: list[str]) -> None:
    with socket.socket() as outward, pytest.raises(BeyondLoopback):
        outward.connect(("192.0.2.1", 80))
    assert loopback_only == ["socket.connect to ('192.0.2.1', 80)"]
    loopback_only.clear()


def test_a_datagram_out_is_stopped(loopback_only: list[str]) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as outward, pytest.raises(BeyondLoopback):
        outward.sendto(b"x", ("192.0.2.1", 5060))
    loopback_only.clear()


def test_asking_for_a_name_is_stopped(loopback_only: list[str]) -> None:
    with pytest.raises(BeyondLoopback):
        socket.getaddrinfo("example.org", 80)
    loopback_only.clear()


def test_listening_for_strangers_is_stopped(loopback_only: list[str]) -> None:
    with socket.socket() as door, pytest.raises(BeyondLoopback):
        door.bind(("", 0))
    loopback_only.clear()


def test_loopback_is_let_through() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
