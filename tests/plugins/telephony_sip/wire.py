"""A bad network between a cell and SIPp: it repeats what the peer says and, if told, loses what we say."""

from __future__ import annotations

import select
import socket
import threading
from typing import Self


class Wire:
    """Relays datagrams. Those of the peer arrive `times` times; of ours, the first `lost` that begin with `losing`
    do not arrive, nor does one that was relayed already: SIPp answers a repeated ACK with its answer, for ever."""

    def __init__(self, times: int = 1, losing: str = "", lost: int = 0) -> None:
        self._times, self._losing, self._lost = times, losing.encode(), lost
        self._ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._theirs = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for end in (self._ours, self._theirs):
            end.bind(("127.0.0.1", 0))
        self.port: int = self._ours.getsockname()[1]
        self.network = f"127.0.0.1:{self.port}"
        self.from_us: list[bytes] = []
        self._peer = ("127.0.0.1", 0)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for end in (self._ours, self._theirs):
            end.close()

    def lead_to(self, port: int) -> None:
        """The peer's port on loopback."""
        self._peer = ("127.0.0.1", port)

    def count(self, method: str) -> int:
        """How many of our requests of this method have come, lost ones included."""
        return sum(datagram.startswith(method.encode()) for datagram in self.from_us)

    def _run(self) -> None:
        cell = ("127.0.0.1", 0)
        while not self._over.is_set():
            for end in select.select((self._ours, self._theirs), (), (), 0.05)[0]:
                datagram, sender = end.recvfrom(65536)
                if end is self._theirs:
                    for _ in range(self._times):
                        self._ours.sendto(datagram, cell)
                    continue
                cell = sender
                if self._passes(datagram):
                    self._theirs.sendto(datagram, self._peer)

    def _passes(self, datagram: bytes) -> bool:
        known = datagram in self.from_us
        self.from_us.append(datagram)
        if self._lost and datagram.startswith(self._losing):
            self._lost -= 1
            return False
        return not known or bool(self._losing)
