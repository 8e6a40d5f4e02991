"""Transactions over UDP: final responses are repeated until the ACK, requests until a final response (RFC 3261, 17)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hookline_telephony_sip.sip.addresses import parse_name_addr, parse_via
from hookline_telephony_sip.sip.messages import Request, Response

T1 = 0.5
T2 = 4.0
LIFETIME = 64 * T1
MAX_TRANSACTIONS = 5000

Key = tuple[str, ...]
Send = Callable[[bytes], None]


class Repeater:
    """Sends the same bytes at growing intervals until stopped; calls `gave_up` after 64 T1."""

    def __init__(self, send: Callable[[], None], gave_up: Callable[[], None]) -> None:
        self._send = send
        self._gave_up = gave_up
        self._interval = T1
        self._elapsed = 0.0
        self._handle = asyncio.get_running_loop().call_later(T1, self._again)

    def stop(self) -> None:
        """No more repeats. May be called twice."""
        self._handle.cancel()

    def _again(self) -> None:
        self._elapsed += self._interval
        if self._elapsed >= LIFETIME:
            self._gave_up()
            return
        self._send()
        self._interval = min(self._interval * 2, T2)
        self._handle = asyncio.get_running_loop().call_later(self._interval, self._again)


class ServerTransaction:
    """One request that came in and what was answered to it."""

    def __init__(self, request: Request, send: Send) -> None:
        self.request = request
        self.never_acknowledged: Callable[[], None] = lambda: None
        self.final = False
        self._send = send
        self._last: bytes | None = None
        self._repeater: Repeater | None = None

    def respond(self, response: Response) -> None:
        """Send a response; a second final one is ignored."""
        if self.final:
            return
        self._last = response.to_bytes()
        self.final = response.status >= 200
        self._send(self._last)
        if self.final and self.request.method == "INVITE":
            self._repeater = Repeater(self.repeat, self.never_acknowledged)

    def pass_on(self, data: bytes, *, status: int) -> None:
        """Send somebody else's response. A refusal is repeated until the ACK, an answer by whom it is from."""
        if self.final:
            return
        self._last, self.final = data, status >= 200
        self._send(data)
        if status >= 300 and self.request.method == "INVITE":
            self._repeater = Repeater(self.repeat, self.never_acknowledged)

    def repeat(self) -> None:
        """Send the last response again; nothing if there was none."""
        if self._last is not None:
            self._send(self._last)

    def acknowledged(self) -> None:
        """The ACK is here."""
        if self._repeater is not None:
            self._repeater.stop()

    close = acknowledged

    def abandon(self) -> None:
        """Nothing more will be answered, even if nothing was."""
        self.final = True


class TransactionTable:
    """The server transactions of one socket."""

    def __init__(self) -> None:
        self._by_key: dict[Key, ServerTransaction] = {}

    def find(self, request: Request, method: str | None = None) -> ServerTransaction | None:
        """The transaction of a repeated request; with `method` the one that a CANCEL or ACK speaks of."""
        return self._by_key.get(branch_key(request, method or request.method))

    def find_acknowledged(self, ack: Request) -> ServerTransaction | None:
        """The INVITE that an ACK belongs to: the ACK of a 2xx has a branch of its own."""
        return self._by_key.get(sequence_key(ack))

    def open(self, request: Request, send: Send) -> ServerTransaction:
        """Begin a transaction. The oldest is forgotten if there are too many; all are after 64 T1 of no use."""
        transaction = ServerTransaction(request, send)
        keys = [branch_key(request, request.method)]
        if request.method == "INVITE":
            keys.append(sequence_key(request))
        for key in keys:
            self._by_key[key] = transaction
        while len(self._by_key) > MAX_TRANSACTIONS:
            self._by_key.pop(next(iter(self._by_key)))
        asyncio.get_running_loop().call_later(LIFETIME + T2, self._expire, keys, transaction)
        return transaction

    def close(self) -> None:
        """Stop every repeat."""
        for transaction in self._by_key.values():
            transaction.close()

    def _expire(self, keys: list[Key], transaction: ServerTransaction) -> None:
        if not transaction.final:  # an INVITE that still rings
            asyncio.get_running_loop().call_later(LIFETIME, self._expire, keys, transaction)
            return
        for key in keys:
            if self._by_key.get(key) is transaction:
                del self._by_key[key]


def branch_key(request: Request, method: str) -> Key:
    """What RFC 3261 17.2.3 matches requests by; Call-ID and CSeq help with branches of old or poor callers."""
    via = parse_via(request.headers.first("Via"))
    return (via.branch, via.host, str(via.port), method, request.call_id, str(request.cseq))


def sequence_key(request: Request) -> Key:
    """What an ACK of a 2xx shares with its INVITE."""
    tag = parse_name_addr(request.headers.first("From")).tag
    return ("ack", request.call_id, tag, str(request.cseq))


class ClientTransaction:
    """A request that we sent outside INVITE, repeated until somebody answers it finally."""

    def __init__(self, send: Callable[[], None], done: Callable[[], None]) -> None:
        send()
        self._done = done
        self._repeater = Repeater(send, done)

    def answered(self, response: Response) -> None:
        """A response came."""
        if response.status >= 200:
            self.close()
            self._done()

    def close(self) -> None:
        """Forget it."""
        self._repeater.stop()
