"""A browser for tests without a browser: aiortc speaks a tone to a leg and listens. Loopback only."""

from __future__ import annotations

import asyncio
import fractions
import math
import threading
import time
from array import array
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any

import aioice.ice
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from hookline.ports.telephony import TelephonyBackend

RATE, SAMPLES = 8000, 160
ADDRESS = "127.0.0.1"
_HEARD_FRAMES = 15  # 0.3 s

aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [ADDRESS]


class Tone(MediaStreamTrack):
    """A microphone that hears one pitch."""

    kind = "audio"

    def __init__(self, hz: int, *, loud: bool = True) -> None:
        super().__init__()
        self._hz, self._height = hz, 12000 if loud else 0
        self._at = 0
        self._start = 0.0

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._start = self._start or loop.time()
        due = loop.create_future()
        loop.call_at(self._start + self._at / RATE, lambda: due.done() or due.set_result(None))
        await due
        turn = 2 * math.pi * self._hz / RATE
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        samples = [int(self._height * math.sin(turn * (self._at + n))) for n in range(SAMPLES)]
        frame.planes[0].update(array("h", samples).tobytes())
        frame.pts, frame.sample_rate, frame.time_base = self._at, RATE, fractions.Fraction(1, RATE)
        self._at += SAMPLES
        return frame


class _Wires:
    """One loop for every test browser of the process."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="test-browsers", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Any], seconds: float = 10.0) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(seconds)


_wires: list[_Wires] = []


def _shared() -> _Wires:
    if not _wires:
        _wires.append(_Wires())
    return _wires[0]


class TestBrowser:
    """A page that is a leg's phone. `open` connects; what is heard is kept for the last third of a second."""

    __test__ = False

    def __init__(
        self,
        backend: TelephonyBackend,
        leg: str,
        hz: int,
        *,
        loud: bool = True,
        ice_servers: Sequence[dict[str, Any]] = (),
    ) -> None:
        self.hz = hz
        self._ice_servers = [RTCIceServer(**server) for server in ice_servers]
        self.backend = backend
        self.leg = leg
        self.first_sound_at = 0.0
        self._loud = loud
        self._heard: deque[bytes] = deque(maxlen=_HEARD_FRAMES)
        self._connection: RTCPeerConnection | None = None
        self._cut: list[tuple[Any, str, Any]] = []

    def open(self) -> TestBrowser:
        """Offer the page's sound. Raises TelephonyError as the backend does."""
        _shared().run(self._open())
        return self

    def close(self) -> None:
        """As a page that is left in good order."""
        if self._connection is not None:
            _shared().run(self._connection.close())

    def candidates(self) -> set[str]:
        """By which kinds of way the page can be reached: host, srflx, relay."""
        assert self._connection is not None
        lines = self._connection.localDescription.sdp.splitlines()
        return {line.split()[7] for line in lines if line.startswith("a=candidate:")}

    def die(self) -> None:
        """Nothing leaves the page any more, not even a farewell."""
        _shared().run(self._die())

    def come_back(self) -> None:
        """The network is there again."""
        while self._cut:
            setattr(*self._cut.pop())

    def level(self, hz: int) -> float:
        """How strongly this pitch is heard now: 0 not at all, 1 a full-scale tone."""
        samples = array("h", b"".join(self._heard))
        if len(samples) < SAMPLES * _HEARD_FRAMES:
            return 0.0
        turn = 2 * math.pi * hz / RATE
        real = sum(sample * math.cos(turn * n) for n, sample in enumerate(samples))
        imaginary = sum(sample * math.sin(turn * n) for n, sample in enumerate(samples))
        return 2 * math.hypot(real, imaginary) / len(samples) / 32768

    def hears(self, hz: int) -> bool:
        return self.level(hz) > 0.05

    async def _open(self) -> None:
        self._connection = connection = RTCPeerConnection(RTCConfiguration(iceServers=self._ice_servers))
        connection.addTrack(Tone(self.hz, loud=self._loud))
        connection.on("track", lambda track: asyncio.ensure_future(self._listen(track)))
        await connection.setLocalDescription(await connection.createOffer())
        offer = {"type": "offer", "sdp": connection.localDescription.sdp}
        answer = await asyncio.to_thread(self.backend.browser_message, self.leg, offer)
        await connection.setRemoteDescription(RTCSessionDescription(str(answer["sdp"]), "answer"))

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            self.first_sound_at = self.first_sound_at or time.monotonic()
            assert isinstance(frame, AudioFrame)
            self._heard.append(bytes(frame.planes[0])[: SAMPLES * 2])

    async def _die(self) -> None:
        assert self._connection is not None
        ice = self._connection.getSenders()[0].transport.transport
        for protocol in ice._connection._protocols:
            self._cut.append((protocol.transport, "sendto", protocol.transport.sendto))
            protocol.transport.sendto = lambda *_arguments: None
