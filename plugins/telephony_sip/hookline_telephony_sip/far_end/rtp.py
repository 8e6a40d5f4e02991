"""Audio on the wire: one clock paces every call's RTP at 20 ms; telephone events (RFC 4733) both ways."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import time
from array import array
from collections import deque
from dataclasses import dataclass

from . import g711
from .audio import FRAME, Echo, Source

FRAME_SECONDS = 0.02
HEARD_FRAMES = 500  # ten seconds are kept for `hear`
DIGITS = "0123456789*#ABCD"
DIGIT_FRAMES, DIGIT_PAUSE_FRAMES = 8, 5
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")


class MediaClock:
    """Ticks every 20 ms and lets each session send its frame."""

    def __init__(self) -> None:
        self.sessions: set[RtpSession] = set()

    async def run(self) -> None:
        """Tick until cancelled. After a long stall it goes on from now instead of sending a burst."""
        due = time.monotonic()
        while True:
            for session in tuple(self.sessions):
                session.tick()
            due += FRAME_SECONDS
            late = time.monotonic() - due
            if late > 0.2:
                due += late
            await asyncio.sleep(max(0.0, -late))


@dataclass
class Heard:
    """One received audio packet."""

    at: float
    payload_type: int
    payload: bytes


def open_port_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """Bind an even port for RTP and the next one for RTCP, so that nobody else's call gets our peer's RTCP."""
    for _ in range(200):
        rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        rtcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            rtp.bind((host, 0))
            port = rtp.getsockname()[1]
            if port % 2 == 0:
                rtcp.bind((host, port + 1))
                rtp.setblocking(False)
                return rtp, rtcp
        except OSError:
            pass  # the next port is taken: try another pair
        rtp.close()
        rtcp.close()
    raise OSError("no free pair of UDP ports")


class RtpSession:
    """The audio of one call. `sending` and `source` may be changed at any time."""

    def __init__(self, clock: MediaClock, host: str) -> None:
        self._clock = clock
        self._socket, self._rtcp = open_port_pair(host)
        self.port: int = self._socket.getsockname()[1]
        self.remote: tuple[str, int] | None = None
        self.payload_type = g711.PCMU
        self.event_type: int | None = None
        self.sending = False
        self.source: Source | None = None
        self.sent_packets = 0
        self.received_packets = 0
        self.last_received_at = time.monotonic()
        self.digits = ""
        self._digit_queue: deque[str] = deque()
        self._digit_frame = 0
        self._event_seen: int | None = None
        self._heard: deque[Heard] = deque(maxlen=HEARD_FRAMES)
        self._sequence = secrets.randbelow(30000)
        self._timestamp = secrets.randbelow(2**31)
        self._event_timestamp = 0
        self._ssrc = secrets.randbits(32)
        asyncio.get_running_loop().add_reader(self._socket, self._readable)
        clock.sessions.add(self)

    def close(self) -> None:
        """Stop and free the ports. May be called twice."""
        if self in self._clock.sessions:
            self._clock.sessions.discard(self)
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._rtcp.close()

    def send_digits(self, digits: str) -> None:
        """Queue digits; they go out in place of the audio, one after the other."""
        self._digit_queue.extend(digits.upper())

    def heard(self, seconds: float) -> array[int]:
        """The audio that arrived within the last seconds."""
        since = time.monotonic() - seconds
        samples = array("h")
        for item in self._heard:
            if item.at >= since:
                samples += g711.decode(item.payload, item.payload_type)
        return samples

    def tick(self) -> None:
        """Send what is due in these 20 ms."""
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        if self.remote is None or not self.sending:
            return
        if self._digit_queue:
            self._send_event_frame(self._digit_queue[0])
        elif self.source is not None:
            frame = self.source.next_frame(self.payload_type)
            if frame is not None:
                self._send(self.payload_type, self._timestamp, frame)

    def _send_event_frame(self, digit: str) -> None:
        index = self._digit_frame
        if index == 0:
            self._event_timestamp = self._timestamp
        if self.event_type is not None and index < DIGIT_FRAMES:
            last = index == DIGIT_FRAMES - 1
            payload = _EVENT.pack(DIGITS.index(digit), 0x8A if last else 0x0A, (index + 1) * FRAME)
            for _ in range(3 if last else 1):
                self._send(self.event_type, self._event_timestamp, payload, marker=index == 0)
        self._digit_frame += 1
        if self._digit_frame >= DIGIT_FRAMES + DIGIT_PAUSE_FRAMES:
            self._digit_frame = 0
            self._digit_queue.popleft()

    def _send(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool = False) -> None:
        if self.remote is None:
            return
        second = payload_type | (0x80 if marker or not self.sent_packets else 0)
        packet = _HEADER.pack(0x80, second, self._sequence, timestamp, self._ssrc) + payload
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.sent_packets += 1
        try:
            self._socket.sendto(packet, self.remote)
        except OSError:
            self.sent_packets -= 1  # a full buffer or a refused port loses a packet, as networks do

    def _readable(self) -> None:
        for _ in range(16):
            try:
                packet, source = self._socket.recvfrom(2048)
            except OSError:
                return  # nothing left, or an ICMP error of an earlier packet
            self._received(packet, source)

    def _received(self, packet: bytes, source: tuple[str, int]) -> None:
        parsed = parse_rtp(packet)
        if parsed is None:
            return
        payload_type, timestamp, payload = parsed
        self.remote = source  # answer to where it comes from, as phones behind NAT need it
        self.received_packets += 1
        self.last_received_at = time.monotonic()
        if payload_type == self.event_type:
            self._event_received(timestamp, payload)
        elif payload_type in (g711.PCMU, g711.PCMA):
            self._heard.append(Heard(self.last_received_at, payload_type, payload))
            if isinstance(self.source, Echo) and payload_type == self.payload_type:
                self.source.heard(payload)

    def _event_received(self, timestamp: int, payload: bytes) -> None:
        if len(payload) < _EVENT.size or timestamp == self._event_seen:
            return
        event = payload[0]
        if event < len(DIGITS):
            self._event_seen = timestamp
            self.digits += DIGITS[event]


def parse_rtp(packet: bytes) -> tuple[int, int, bytes] | None:
    """Payload type, timestamp and payload; None if it is no RTP version 2 packet."""
    if len(packet) < _HEADER.size or packet[0] >> 6 != 2:
        return None
    first, second, _, timestamp, _ = _HEADER.unpack_from(packet)
    start = _HEADER.size + (first & 0x0F) * 4
    if first & 0x10:
        if len(packet) < start + 4:
            return None
        start += 4 + int.from_bytes(packet[start + 2 : start + 4], "big") * 4
    end = len(packet)
    if first & 0x20:
        end -= packet[-1]
    return (second & 0x7F, timestamp, packet[start:end]) if start <= end else None
