"""The sound of a SIPp peer: an RTP socket with a tone, started, stopped and pointed by the test."""

from __future__ import annotations

import math
import socket
import struct
import threading
from array import array
from collections import deque
from typing import Self

from hookline_telephony_sip.far_end import g711

_FRAME = 160  # 20 ms
_HEADER = struct.Struct("!BBHII")


class RtpPeer:
    """Keeps what comes in; says a tone in A-law, or `sound` in another codec (160 bytes for each 20 ms), to whoever
    `say_to` names, until `fall_silent`."""

    def __init__(
        self, hertz: int = 1000, host: str = "127.0.0.1", *, sound: bytes = b"", payload_type: int = g711.PCMA
    ) -> None:
        samples = array("h", (round(12000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(8000)))
        self._sound = sound or g711.encode(samples, g711.PCMA)
        self._payload_type = payload_type
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._socket.settimeout(0.02)
        self.port: int = self._socket.getsockname()[1]
        self.received = 0
        self.heard: deque[bytes] = deque(maxlen=25)
        self._to: tuple[str, int] | None = None
        self._over = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._say, self._hear)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def say_to(self, port: int) -> None:
        """Begin to send to this port on loopback."""
        self._to = ("127.0.0.1", port)

    def fall_silent(self) -> None:
        """Send nothing more."""
        self._to = None

    def _say(self) -> None:
        number = 0
        while not self._over.wait(0.02):
            if self._to is None:
                continue
            start = number * _FRAME % len(self._sound)
            header = _HEADER.pack(0x80, self._payload_type, number & 0xFFFF, number * _FRAME, 0x5EED)
            self._socket.sendto(header + self._sound[start : start + _FRAME], self._to)
            number += 1

    def _hear(self) -> None:
        while not self._over.is_set():
            try:
                packet = self._socket.recv(2048)
            except OSError:
                continue  # nothing came, or the far side has closed its port
            self.received += 1
            if packet[1] & 0x7F == self._payload_type:
                self.heard.append(packet[_HEADER.size :])
