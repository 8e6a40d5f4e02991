"""Sound between a browser and the conference bridge, in both directions: G.711 in 20 ms pieces. Pure, no library.

The bridge's clock thread and the WebRTC thread meet here, so each side only ever holds a lock for microseconds.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections import deque

from hookline_telephony_sip.far_end.g711 import PCMU, SILENCE, decode, encode

RATE = 8000
SAMPLES = 160
FRAME_BYTES = SAMPLES * 2
QUIET_FRAME = bytes(FRAME_BYTES)
SILENT_PAYLOAD = bytes([SILENCE[PCMU]]) * SAMPLES

_PRIME = 2  # frames to wait for before playing: 40 ms
_LONGEST_PRIME = 6
_CALM_PULLS = 500  # after 10 s without a gap one frame less is enough
_SLACK = 3  # so many frames above the prime are delay and no use
_DROP_EVERY = 10  # frames dropped to catch up are so far apart that nobody hears it
_FAR_TOO_MANY = 12
_LONGEST_GAP = 10  # missing packets that are bridged; beyond it the stream has begun anew
_REST_SECONDS = 0.2
_QUIET = 400  # peak below which a frame is hardly missed
_FADES = (0.7, 0.35)


class Playout:
    """What has come from the browser and not been played: evens out jitter, conceals loss, keeps the delay short.

    `received`, `missing`: packets so far.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard_at = self._pulled_at = 0.0
        self.received = self.missing = 0
        self._restart()

    @property
    def heard_at(self) -> float:
        """When the last packet came (monotonic seconds); 0 before the first."""
        return self._heard_at

    def restart(self) -> None:
        """Another browser speaks from now on."""
        with self._lock:
            self._restart()

    def push(self, sequence: int, payload: bytes) -> None:
        """An RTP packet has come: its sequence number and its PCMU bytes."""
        self._heard_at = time.monotonic()
        self.received += 1
        frames = _frames(payload)
        with self._lock:
            self._put(sequence, frames)

    def pull(self) -> bytes:
        """The next 20 ms, 16 bit: what was said, or what hides that it is missing."""
        with self._lock:
            self._begin_afresh_after_a_rest()
            frame = self._next()
        if frame is None:
            return self._concealed()
        self._missed, self._last = 0, frame
        return decode(frame, PCMU).tobytes()

    def _begin_afresh_after_a_rest(self) -> None:
        """Nobody listened for a while (no call): what has piled up would be delay."""
        now = time.monotonic()
        if now - self._pulled_at > _REST_SECONDS:
            while len(self._waiting) > self._prime:
                self._waiting.popleft()
        self._pulled_at = now

    def _restart(self) -> None:
        self._waiting: deque[bytes | None] = deque(maxlen=_FAR_TOO_MANY * 2)
        self._newest: int | None = None
        self._prime, self._priming = _PRIME, True
        self._calm = self._since_drop = 0
        self._missed, self._last = len(_FADES), b""

    def _put(self, sequence: int, frames: list[bytes]) -> None:
        ahead = 1 if self._newest is None else (sequence - self._newest) & 0xFFFF
        if ahead == 0:
            return
        if ahead > 0x8000:
            self._fill(0x10000 - ahead, frames)
            return
        if ahead <= _LONGEST_GAP:
            self.missing += ahead - 1
            self._waiting.extend([None] * ((ahead - 1) * len(frames)))
        self._newest = sequence
        self._waiting.extend(frames)

    def _fill(self, behind: int, frames: list[bytes]) -> None:
        """A packet that was overtaken: put it where it is missing, if that has not been played yet."""
        place = len(self._waiting) - (behind + 1) * len(frames)
        for at, frame in enumerate(frames, place):
            if 0 <= at < len(self._waiting) and self._waiting[at] is None:
                self._waiting[at] = frame

    def _next(self) -> bytes | None:
        waiting = self._waiting
        if self._priming and len(waiting) < self._prime:
            return None
        if not waiting:
            self._priming, self._calm = True, 0
            self._prime = min(self._prime + 1, _LONGEST_PRIME)
            return None
        self._priming = False
        self._calm += 1
        if self._calm >= _CALM_PULLS and self._prime > _PRIME:
            self._prime, self._calm = self._prime - 1, 0
        self._catch_up()
        return waiting.popleft()

    def _catch_up(self) -> None:
        """Drop one frame now and then while more wait than the jitter asks for, quiet ones first."""
        self._since_drop += 1
        waiting = len(self._waiting)
        if waiting <= self._prime + _SLACK or self._since_drop < _DROP_EVERY:
            return
        if waiting >= _FAR_TOO_MANY or self._since_drop > 5 * _DROP_EVERY or _quiet(self._waiting[0]):
            self._waiting.popleft()
            self._since_drop = 0

    def _concealed(self) -> bytes:
        """The last sound once more, fading: a gap of one or two frames is then hardly heard."""
        if self._missed >= len(_FADES) or not self._last:
            return QUIET_FRAME
        fade = _FADES[self._missed]
        self._missed += 1
        return array("h", [int(sample * fade) for sample in decode(self._last, PCMU)]).tobytes()


def payload_of(frame: bytes) -> bytes:
    """20 ms of 16 bit samples as PCMU; silence where the bridge gave none."""
    if len(frame) != FRAME_BYTES:
        return SILENT_PAYLOAD
    return encode(array("h", frame), PCMU)


def _frames(payload: bytes) -> list[bytes]:
    """A packet's payload in 20 ms pieces; browsers send one, others may send more."""
    return [payload[at : at + SAMPLES].ljust(SAMPLES, SILENT_PAYLOAD[:1]) for at in range(0, len(payload), SAMPLES)]


def _quiet(frame: bytes | None) -> bool:
    return frame is None or max(map(abs, decode(frame, PCMU))) < _QUIET
