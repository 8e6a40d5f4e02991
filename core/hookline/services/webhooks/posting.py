"""One HTTP request to a checked address: no redirects, no proxies, a hard end after ten seconds."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from hookline.errors import HooklineError
from hookline.outbound_addresses import AddressBook, Target
from hookline.text import N_

TIMEOUT_SECONDS = 10.0
KEPT_CHARACTERS = 500
_LONGEST_WAIT_ASKED = 12 * 3600
_ADDRESSES_TRIED = 3


@dataclass(frozen=True)
class Answer:
    """What came of a request: `status` None where no answer came; then, or where it is no 2xx, `error` says why.

    `error` is a message id; `wait_seconds` is what the receiver asked for (Retry-After).
    """

    status: int | None
    error: str = ""
    text: str = ""
    wait_seconds: int = 0


class Poster:
    """Sends messages. `tls` replaces the system's trusted authorities (tests). So much of an answer is kept."""

    def __init__(
        self,
        book: AddressBook,
        tls: ssl.SSLContext | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        kept_characters: int = KEPT_CHARACTERS,
    ) -> None:
        self._book = book
        self._tls = tls
        self._timeout = timeout_seconds
        self._kept = kept_characters

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send the body; whatever goes wrong is in the answer, nothing is raised for it."""
        try:
            target = self._book.check(url)
            addresses = self._book.locate(target)
        except HooklineError as error:
            return Answer(None, error.message_id)
        except OSError:
            return Answer(None, N_("The host's name leads nowhere."))
        tls = (self._tls or ssl.create_default_context()) if target.secure else None
        connection = PinnedConnection(target, addresses, tls, self._timeout)
        try:
            with hard_end(connection, self._timeout) as over:
                answer = _exchange(connection, target, body, headers, self._kept)
                # Cut off, what had come by then may look whole.
                return answer if not over.is_set() else _late()
        except (OSError, HTTPException) as error:
            return _late() if over.is_set() else _explain(error)
        finally:
            connection.close()


class PinnedConnection(HTTPConnection):
    """Connects to a checked address, whatever the name says by now; the certificate is held against the name."""

    def __init__(self, target: Target, addresses: list[str], tls: ssl.SSLContext | None, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._addresses = addresses
        self._tls = tls

    def connect(self) -> None:
        """Connect to the first address that answers, and shake hands where it is TLS."""
        self.sock = self._first_that_answers()
        if self._tls is not None:
            # The handshake comes after, so that a hard end cuts that too.
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def _first_that_answers(self) -> socket.socket:
        failure = OSError("no address to connect to")
        for address in self._addresses[:_ADDRESSES_TRIED]:
            try:
                return socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                failure = error
        raise failure

    def cut(self) -> None:
        """End whatever is going on, from another thread."""
        opened: socket.socket | None = self.sock
        if opened is not None:
            try:
                # The plain socket's: an SSLSocket's own would take the encryption off under the reader.
                socket.socket.shutdown(opened, socket.SHUT_RDWR)
            except OSError:
                opened.close()  # it was not connected any more


@contextmanager
def hard_end(connection: PinnedConnection, seconds: float) -> Iterator[threading.Event]:
    """Cut the connection after so many seconds: a socket's own timeout begins anew with each byte that drips in."""
    over = threading.Event()

    def end() -> None:
        over.set()
        connection.cut()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _exchange(connection: HTTPConnection, target: Target, body: bytes, headers: Mapping[str, str], keep: int) -> Answer:
    connection.request("POST", target.path, body, {"Host": target.host_header, "Connection": "close", **headers})
    response = connection.getresponse()
    return _answer(response.status, response.read(keep * 4), response.getheader("Retry-After") or "", keep)


def _answer(status: int, raw: bytes, retry_after: str, keep: int) -> Answer:
    # Neither NUL (which PostgreSQL refuses) nor other control characters: people read this on a page.
    text = raw.decode("utf-8", "replace")
    kept = "".join(c if c.isprintable() else " " for c in text)[:keep].strip()
    if 200 <= status < 300:
        return Answer(status, text=kept)
    wait = min(int(retry_after), _LONGEST_WAIT_ASKED) if retry_after.isascii() and retry_after.isdigit() else 0
    if 300 <= status < 400:
        return Answer(status, N_("It answered with a redirect, which is not followed."), kept)
    return Answer(status, N_("It answered with an error."), kept, wait)


def _late() -> Answer:
    return Answer(None, N_("No answer came in time."))


def _explain(error: Exception) -> Answer:
    if isinstance(error, ssl.SSLError):  # a refused certificate too
        return Answer(None, N_("The connection is not safe: the certificate was refused, or it is no TLS."))
    return _late() if isinstance(error, TimeoutError) else Answer(None, N_("No connection, or it broke off."))
