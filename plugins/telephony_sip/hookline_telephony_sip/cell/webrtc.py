"""A leg's line to a browser: its sound by WebRTC, and what the page and the cell say to each other about it.

The line outlives the page: a reload, a closed lid, a lost network take the page away, and the next one that offers
itself on the same leg is heard a moment later. Until then the room is told that nobody is there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from hookline_telephony_sip.cell.line import (
    BrowserAnswered,
    CallState,
    Facts,
    Presence,
    Sound,
    SoundChanged,
    StateChanged,
    Vanished,
)
from hookline_telephony_sip.cell.webrtc_port import PortShelf, Slot
from hookline_telephony_sip.cell.webrtc_presence import BrowserPresence, Change
from hookline_telephony_sip.cell.webrtc_sound import Playout
from hookline_telephony_sip.cell.webrtc_thread import PEER_MODULE, WebRtcThread

if TYPE_CHECKING:
    from hookline_telephony_sip.cell.webrtc_peer import Peer

_LOOK_SECONDS = 0.1
_LONGEST_OFFER = 40_000
_NOT_UNDERSTOOD = "The phone on the page and the server do not understand each other: reload the page."
_NO_WEBRTC = "The package aiortc is not installed here."

IceServers = list[dict[str, Any]]


class Browsers:
    """What the lines of one cell share. `addresses`, `ports`: where browsers reach this machine, see the settings."""

    def __init__(self, addresses: list[str], ports: range) -> None:
        self.thread = WebRtcThread(addresses, ports)
        self.shelf = PortShelf()
        self._lines: set[BrowserLine] = set()

    def open_line(
        self, leg: str, facts: Facts, clock_rate: int, grace_seconds: float, ice_servers: IceServers
    ) -> BrowserLine:
        """A line that rings until a page has offered itself and its sound is there. Raises pj.Error.

        The sound is telephone quality whatever the bridge's `clock_rate`; the bridge converts.
        """
        self.thread.start()
        line = BrowserLine(self, leg, facts, grace_seconds, ice_servers)
        self._lines.add(line)
        return line

    def forget(self, line: BrowserLine) -> None:
        """It has ended."""
        self._lines.discard(line)

    def close(self) -> None:
        """End every line and the thread, before the library goes."""
        for line in list(self._lines):
            line.end()
        self.thread.stop(_rest())
        self.shelf.clear()


class BrowserLine:
    """One leg's browser: one page speaks at a time, and a newer one takes over once its sound is there."""

    tells_hold: ClassVar[bool] = False

    def __init__(
        self, browsers: Browsers, leg: str, facts: Facts, grace_seconds: float, ice_servers: IceServers
    ) -> None:
        self._browsers = browsers
        self._thread = browsers.thread
        self._leg = leg
        self._facts = facts
        self._ice_servers = ice_servers
        self._playout = Playout()
        self._presence = BrowserPresence(grace_seconds)
        self._speaking: Peer | None = None
        self._coming: Peer | None = None
        self._ended = False
        self._slot: Slot = browsers.shelf.take(_Ear(self), time.monotonic())
        self._thread.submit(self._watch())

    # --- the room's side, on the owner thread ---

    def end(self) -> None:
        """The leg is over."""
        if self._ended:
            return
        self._ended = True
        self._browsers.shelf.give_back(self._slot, time.monotonic())
        self._browsers.forget(self)
        self._thread.submit(self._close())
        self._facts.append(StateChanged(self._leg, CallState.GONE))

    def port(self) -> Any:
        """Its port on the bridge."""
        return self._slot.port

    def send_digits(self, digits: str) -> None:
        """A browser has no use for them."""

    def offer_hold(self, on: bool) -> None:
        """Never called: hold is done by mixing."""

    def received(self) -> tuple[int, int]:
        """Packets that have come from browsers, and that are missing."""
        return self._playout.received, self._playout.missing

    def hear(self, ticket: str, body: Mapping[str, object]) -> None:
        """What the page says: "begin" (which ICE servers?) or "offer" (an SDP, answered by an SDP)."""
        kind, sdp = body.get("type"), body.get("sdp")
        if kind == "begin":
            self._reply(ticket, {"ice_servers": self._ice_servers})
        elif kind == "offer" and isinstance(sdp, str) and len(sdp) <= _LONGEST_OFFER and not self._ended:
            self._thread.submit(self._take(ticket, sdp))
        else:
            self._reply(ticket, {}, _NOT_UNDERSTOOD)

    def _reply(self, ticket: str, body: Mapping[str, object], problem: str = "") -> None:
        self._facts.append(BrowserAnswered(self._leg, ticket, body, problem))

    # --- on the WebRTC thread ---

    def feed(self, frame: bytes) -> None:
        """The bridge's next 20 ms for the browser."""
        if self._speaking is not None:
            self._speaking.track.feed(frame)

    async def _take(self, ticket: str, sdp: str) -> None:
        try:
            module = import_module(PEER_MODULE)
        except ImportError:
            self._reply(ticket, {}, _NO_WEBRTC)
            return
        peer: Peer = module.Peer(self._ice_servers, self._heard)
        former, self._coming = self._coming, peer
        if former is not None:
            await former.close()
        try:
            self._reply(ticket, {"sdp": await peer.answer(sdp)})
        except Exception:  # whatever a page has sent is parsed by a library that raises anything
            self._reply(ticket, {}, _NOT_UNDERSTOOD)
            await self._drop(peer)
        if self._ended:
            await self._drop(peer)

    def _heard(self, peer: Peer, sequence: int, payload: bytes) -> None:
        if peer is self._coming:
            former, self._speaking, self._coming = self._speaking, peer, None
            self._playout.restart()
            if former is not None:
                self._thread.submit(former.close())
        if peer is self._speaking:
            self._playout.push(sequence, payload)
            if not self._presence.came or self._presence.lost_at is not None:
                self._look()

    def _look(self) -> None:
        left = self._speaking is not None and self._speaking.left
        change = self._presence.look(self._playout.heard_at, time.monotonic(), left=left)
        match change:
            case Change.CAME:
                self._facts.append(StateChanged(self._leg, CallState.ANSWERED))
                self._facts.append(SoundChanged(self._leg, Sound.ACTIVE))
            case Change.LOST | Change.BACK:
                self._facts.append(Presence(self._leg, there=change is Change.BACK))
            case Change.GONE:
                self._facts.append(Vanished(self._leg))

    async def _watch(self) -> None:
        while not self._ended:
            self._look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _drop(self, peer: Peer) -> None:
        if self._coming is peer:
            self._coming = None
        await peer.close()

    async def _close(self) -> None:
        peers, self._speaking, self._coming = (self._speaking, self._coming), None, None
        for peer in peers:
            if peer is not None:
                await peer.close()


class _Ear:
    """The line as the bridge's clock thread sees it."""

    def __init__(self, line: BrowserLine) -> None:
        self._thread = line._thread
        self._feed = line.feed
        self.say = line._playout.pull

    def hear(self, frame: bytes) -> None:
        """20 ms for the browser: handed over to the WebRTC thread."""
        self._thread.call(self._feed, frame)


async def _rest() -> None:
    """Runs after the closing of every line that was submitted before it, and waits for what those have begun."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if others:
        await asyncio.wait(others, timeout=1.0)
