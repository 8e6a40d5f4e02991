"""One request: to the checked address only, safe, and over in time."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hookline.outbound_addresses import AddressBook, AllowList
from hookline.services.webhooks import posting
from hookline.services.webhooks.posting import Answer, Poster
from hookline.testing.network_guard import BeyondLoopback
from tests.certificates import certificate, server_side
from tests.webhook_receiver import Answering, receiving

PUBLIC = "93.184.216.34"
NAME = "hooks.example"


def _poster(port: int, trusted: Path | None = None, seconds: float = 10.0) -> Poster:
    """Sends to NAME, which leads to this machine."""
    book = AddressBook(AllowList([f"{NAME}:{port}"]), lambda _host, _port: ["127.0.0.1"])
    return Poster(book, ssl.create_default_context(cafile=str(trusted)) if trusted else None, seconds)


def test_a_certificate_is_held_against_the_name_not_the_address(tmp_path: Path) -> None:
    shown = certificate(tmp_path, NAME)
    with receiving(server_side(shown)) as receiver:
        answer = _poster(receiver.port, shown).post(f"https://{NAME}:{receiver.port}/in", b"{}", {})
    assert answer.status == 200
    assert receiver.received[0].headers["host"] == f"{NAME}:{receiver.port}"


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_of_another_name_or_of_nobody_is_refused(tmp_path: Path, trusted: bool) -> None:
    shown = certificate(tmp_path, "other.example" if trusted else NAME)
    with receiving(server_side(shown)) as receiver:
        poster = _poster(receiver.port, shown if trusted else None)
        answer = poster.post(f"https://{NAME}:{receiver.port}/in", b"{}", {})
    assert (answer.status, receiver.received) == (None, [])
    assert "not safe" in answer.error


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name leads to the internet when it is checked, and to this machine when it is asked again."""
    connected: list[object] = []

    def connect(address: object, _timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(posting.socket, "create_connection", connect)
    with receiving() as inside:
        leads_to = iter([[PUBLIC], ["127.0.0.1"]])
        asked: list[str] = []

        def rebinding(host: str, _port: int) -> list[str]:
            asked.append(host)
            return next(leads_to)

        poster = Poster(AddressBook(AllowList(), rebinding))
        first = poster.post(f"https://{NAME}:{inside.port}/", b"{}", {})
        second = poster.post(f"https://{NAME}:{inside.port}/", b"{}", {})
    assert connected == [(PUBLIC, inside.port)]
    assert asked == [NAME, NAME]
    assert first.error == "No connection, or it broke off."
    assert "private network" in second.error
    assert inside.received == []


def test_nothing_is_asked_a_second_time_on_the_way_to_the_socket(loopback_only: list[str]) -> None:
    """The guard of the tests sees what the socket is opened to: the checked number, never the name."""
    poster = Poster(AddressBook(AllowList(), lambda _host, _port: [PUBLIC]))
    with pytest.raises(BeyondLoopback):
        poster.post(f"https://{NAME}/", b"{}", {})
    assert loopback_only == [f"socket.getaddrinfo for {PUBLIC}"]
    loopback_only.clear()


def test_environment_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert _poster(receiver.port).post(f"http://{NAME}:{receiver.port}/", b"{}", {}).status == 200
        assert proxy.received == []


def test_the_next_address_is_tried_where_the_first_does_not_answer() -> None:
    with receiving() as receiver:
        book = AddressBook(AllowList([NAME]), lambda _host, _port: ["127.0.0.2", "127.0.0.1"])
        assert Poster(book).post(f"http://{NAME}:{receiver.port}/", b"{}", {}).status == 200


@contextmanager
def _dripping(first: bytes) -> Iterator[int]:
    """A server that sends something, then a byte every 20 ms for ever: a socket's own timeout never comes."""
    ending = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        caller, _ = listener.accept()
        with caller:
            caller.sendall(first)
            while not ending.wait(0.02):
                try:
                    caller.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ending.set()
        listener.close()
        thread.join(10)


@pytest.mark.parametrize(
    "first", [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_that_drips_in_is_cut_off(first: bytes, scheme: str) -> None:
    with _dripping(first) as port:
        answer = _poster(port, seconds=0.4).post(f"{scheme}://{NAME}:{port}/", b"{}", {})
    assert answer.status is None
    assert answer.error


def test_a_server_that_says_nothing_is_left_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        answer = _poster(port, seconds=0.3).post(f"http://{NAME}:{port}/", b"{}", {})
    assert answer == Answer(None, "No answer came in time.")


def test_what_is_not_http_is_no_answer() -> None:
    with _dripping(b"220 smtp ready\r\n") as port:
        answer = _poster(port, seconds=2).post(f"http://{NAME}:{port}/", b"{}", {})
    assert answer == Answer(None, "No connection, or it broke off.")


def test_of_a_long_answer_only_the_beginning_is_read() -> None:
    with receiving() as receiver:
        receiver.answers = [Answering(body=b"a" * 5_000_000)]
        answer = _poster(receiver.port).post(f"http://{NAME}:{receiver.port}/", b"{}", {})
    assert answer == Answer(200, text="a" * 500)


@pytest.mark.parametrize(
    ("sent", "seconds"), [("90", 90), ("999999999", 43_200), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("-5", 0)]
)
def test_a_receiver_may_ask_for_patience_up_to_half_a_day(sent: str, seconds: int) -> None:
    with receiving() as receiver:
        receiver.answers = [Answering(503, {"Retry-After": sent})]
        answer = _poster(receiver.port).post(f"http://{NAME}:{receiver.port}/", b"{}", {})
    assert answer.wait_seconds == seconds
