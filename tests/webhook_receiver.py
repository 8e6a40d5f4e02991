"""A real HTTP server on loopback that receives webhooks, and checks signatures as docs/reference/webhooks.md says."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PATIENCE = 20.0


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    def comes_from_hookline(self, secret: str, now: float) -> bool:
        """Written from the documentation alone: shares nothing with the code that signs."""
        parts = [part.split("=", 1) for part in self.headers["hookline-signature"].split(",")]
        t = next(value for name, value in parts if name == "t")
        expected = hmac.new(secret.encode(), t.encode() + b"." + self.body, hashlib.sha256).hexdigest()
        fits = any(hmac.compare_digest(expected, value) for name, value in parts if name == "v1")
        return fits and abs(now - int(t)) < 300


@dataclass
class Answering:
    """What the receiver answers: status, headers, body."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"thank you"


class Receiver:
    """What came, and what is answered: `answers` in turn, then 200; or whatever `decide` makes of a request."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[Answering] = []
        self.decide: Callable[[Received], Answering] | None = None
        self.port = 0
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?from=hookline"

    def take(self, request: Received) -> Answering:
        """A request has come."""
        with self._changed:
            self.received.append(request)
            self._changed.notify_all()
            planned = self.answers.pop(0) if self.answers else Answering()
        return planned if self.decide is None else self.decide(request)

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have come."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, _PATIENCE)

    def types(self) -> list[str]:
        """The types of what came, in order."""
        return [request.message["type"] for request in self.received]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a free port, until the end of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            answering = receiver.take(Received(self.path, headers, self.rfile.read(length)))
            self.send_response(answering.status)
            for name, value in {"Content-Length": str(len(answering.body)), **answering.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answering.body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_PATIENCE)
