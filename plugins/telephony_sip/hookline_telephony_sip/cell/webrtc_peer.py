"""One connection with one page of a browser. Everything here runs on the WebRTC thread.

aiortc's own jitter buffer waits for lost packets and never gives the delay back; its decoder needs a thread of its own.
So the packets are taken where they would enter that buffer, and the outgoing sound is handed over encoded.
"""

from __future__ import annotations

import asyncio
import fractions
from collections import deque
from collections.abc import Callable
from typing import Any

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCSessionDescription,
)
from av import Packet

from hookline_telephony_sip.cell.webrtc_sound import RATE, SAMPLES, payload_of

_WAITING_FRAMES = 5
_TIME_BASE = fractions.Fraction(1, RATE)

BUFFER_PLACE = "_RTCRtpReceiver__jitter_buffer"
"""The attribute of aiortc's receiver whose `add` gets each packet of sound; private, so a test watches over it."""

OnPacket = Callable[["Peer", int, bytes], None]


class OutgoingTrack(MediaStreamTrack):
    """What the browser hears, paced by the bridge's clock: no timer of its own, the oldest is dropped."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[tuple[int, bytes]] = deque(maxlen=_WAITING_FRAMES)
        self._there = asyncio.Event()
        self._time = 0

    def feed(self, frame: bytes) -> None:
        """20 ms of 16 bit samples; empty for silence."""
        self._frames.append((self._time, frame))
        self._time += SAMPLES
        self._there.set()

    async def recv(self) -> Packet[Any]:
        """The next piece, encoded."""
        while not self._frames:
            self._there.clear()
            await self._there.wait()
        time, frame = self._frames.popleft()
        packet = Packet(payload_of(frame))
        packet.pts, packet.time_base = time, _TIME_BASE
        return packet


class _Tap:
    """Stands in for aiortc's jitter buffer: passes each packet on and gives the decoder nothing to do."""

    def __init__(self, on_packet: Callable[[int, bytes], None]) -> None:
        self._on_packet = on_packet

    def add(self, packet: Any) -> tuple[bool, None]:
        """What the receiver calls for each packet of sound."""
        self._on_packet(packet.sequence_number, packet.payload)
        return False, None


class Peer:
    """A peer connection that answers one offer. `on_packet` gets itself, sequence number and PCMU bytes."""

    def __init__(self, ice_servers: list[dict[str, Any]], on_packet: OnPacket) -> None:
        # Always given: aiortc's default asks a public STUN server.
        servers = [RTCIceServer(**server) for server in ice_servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._on_packet = on_packet
        self.track = OutgoingTrack()
        #: The page has closed the connection, or it has failed for good.
        self.left = False
        self._connection.on("connectionstatechange", self._changed)

    def _changed(self) -> None:
        self.left = self._connection.connectionState in ("closed", "failed")

    async def answer(self, offer: str) -> str:
        """The answer to the browser's offer. Raises ValueError for one that is no offer of sound in PCMU."""
        connection = self._connection
        connection.addTrack(self.track)
        (sound,) = connection.getTransceivers()
        sound.setCodecPreferences(_pcmu())
        _tap(sound.receiver, lambda sequence, payload: self._on_packet(self, sequence, payload))
        await connection.setRemoteDescription(RTCSessionDescription(_without_names(offer), "offer"))
        if connection.getTransceivers() != [sound] or connection.sctp is not None:
            raise ValueError("an offer of one stream of sound is wanted")
        await connection.setLocalDescription(await connection.createAnswer())
        return str(connection.localDescription.sdp)

    async def close(self) -> None:
        """Let go of the browser; it is told so (DTLS close)."""
        self.track.stop()
        await self._connection.close()


def _without_names(offer: str) -> str:
    """The offer without candidates that are names (mDNS): to look them up would cost time, and the browser calls us."""
    lines = offer.splitlines(keepends=True)
    return "".join(line for line in lines if not (line.startswith("a=candidate:") and ".local " in line))


def _pcmu() -> list[Any]:
    return [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.mimeType == "audio/PCMU"]


def _tap(receiver: RTCRtpReceiver, on_packet: Callable[[int, bytes], None]) -> None:
    """Put the tap in. Raises AttributeError where aiortc has renamed its buffer: a test would tell first."""
    getattr(receiver, BUFFER_PLACE)
    setattr(receiver, BUFFER_PLACE, _Tap(on_packet))
