"""The WebRTC thread of a cell: aiortc on an asyncio loop of its own.

The room on the owner thread and the bridge's clock thread only hand it work. It is started, and aiortc imported, with
the first browser: a cell without one pays nothing.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import random
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from typing import Any

PEER_MODULE = "hookline_telephony_sip.cell.webrtc_peer"
"""What needs aiortc, which not every cell loads."""

_STOP_SECONDS = 2.0
_PORT_TRIES = 50


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose UDP sockets stay within a range of ports, which a firewall can then open."""

    ports: range = range(0)

    async def create_datagram_endpoint(
        self, protocol_factory: Any, local_addr: Any = None, *rest: Any, **more: Any
    ) -> Any:
        """As asyncio's; where any port would do, one of the range."""
        plain = super().create_datagram_endpoint
        if not self.ports or local_addr is None or local_addr[1] != 0:
            return await plain(protocol_factory, local_addr, *rest, **more)
        for port in random.sample(self.ports, min(_PORT_TRIES, len(self.ports))):
            try:
                return await plain(protocol_factory, (local_addr[0], port), *rest, **more)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
        raise OSError(errno.EADDRINUSE, "no port of the range is free")


class WebRtcThread:
    """The thread. `addresses`: this machine's IPv4 addresses that browsers are told; none: every one it has."""

    def __init__(self, addresses: list[str], ports: range) -> None:
        self._addresses = addresses
        self._loop = _Loop()
        self._loop.ports = ports
        self._thread = threading.Thread(target=self._run, name="webrtc", daemon=True)

    def start(self) -> None:
        """Bring it up; returns at once. A second time is no error."""
        if self._thread.ident is None:
            self._thread.start()

    def submit(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this on the thread."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, function: Callable[..., None], *arguments: object) -> None:
        """Call this on the thread, soon."""
        self._loop.call_soon_threadsafe(function, *arguments)

    def stop(self, last: Coroutine[Any, Any, None]) -> None:
        """Do this last, then end the thread; waits for at most some seconds."""
        if self._thread.ident is None:
            last.close()
            return
        done = asyncio.run_coroutine_threadsafe(last, self._loop)
        done.add_done_callback(lambda _done: self._loop.call_soon_threadsafe(self._loop.stop))
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        for name in ("aioice", "aiortc"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # they log addresses
        with suppress(ImportError):  # said to the page that asks for it
            self._load()
        self._loop.run_forever()

    def _load(self) -> None:
        """Takes its time, while the page asks its person for the microphone."""
        import_module(PEER_MODULE)
        if self._addresses:
            ice: Any = import_module("aioice.ice")
            ice.get_host_addresses = lambda use_ipv4, use_ipv6: list(self._addresses)
