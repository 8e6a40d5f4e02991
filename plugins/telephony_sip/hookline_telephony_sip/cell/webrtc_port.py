"""The conference bridge's ports for browsers. Their callbacks run on the bridge's clock thread: bytes are handed over
there and nothing else happens.

A port is never destroyed while the library runs, as the clock may be in it: a leg that has ended gives its port back,
and the next one takes it.
"""

from __future__ import annotations

from typing import Any, Protocol

import pjsua2 as pj

from hookline_telephony_sip.cell.webrtc_sound import FRAME_BYTES, QUIET_FRAME, RATE

_FRAME_MICROSECONDS = 20_000
_REST_SECONDS = 1.0


class Ear(Protocol):
    """Who is behind a port."""

    def hear(self, frame: bytes) -> None:
        """What the bridge says to it; empty for silence."""
        ...

    def say(self) -> bytes:
        """What it says: 20 ms."""
        ...


class SoundPort(pj.AudioMediaPort):  # type: ignore[misc]
    """A port of 8 kHz, 16 bit, 20 ms. Raises pj.Error where the bridge is full."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.ear: Ear | None = None
        sound = pj.MediaFormatAudio()
        sound.type = pj.PJMEDIA_TYPE_AUDIO
        sound.clockRate, sound.channelCount, sound.bitsPerSample = RATE, 1, 16
        sound.frameTimeUsec = _FRAME_MICROSECONDS
        self.createPort(name, sound)

    def onFrameRequested(self, frame: Any) -> None:
        """The bridge asks for 20 ms."""
        ear = self.ear
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.buf = pj.ByteVector(ear.say() if ear is not None else QUIET_FRAME)
        frame.size = FRAME_BYTES

    def onFrameReceived(self, frame: Any) -> None:
        """The bridge has 20 ms for it."""
        ear = self.ear
        if ear is not None:
            ear.hear(bytes(frame.buf) if frame.size else b"")


class Slot:
    """A place on the bridge. Only the shelf keeps the port itself: a reference left elsewhere would outlive it."""

    def __init__(self, port: SoundPort) -> None:
        self.port: SoundPort | None = port
        self.free_from = float("inf")


class PortShelf:
    """Takes and gives back places. Used on the owner thread only."""

    def __init__(self) -> None:
        self._slots: list[Slot] = []

    def take(self, ear: Ear, now: float) -> Slot:
        """A place for this ear. Raises pj.Error."""
        slot = next((slot for slot in self._slots if slot.free_from <= now), None)
        if slot is None:
            slot = Slot(SoundPort(f"browser-{len(self._slots)}"))
            self._slots.append(slot)
        slot.free_from = float("inf")
        if slot.port is not None:
            slot.port.ear = ear
        return slot

    def give_back(self, slot: Slot, now: float) -> None:
        """Its leg is over. The place rests until the room has taken its connections apart."""
        if slot.port is not None:
            slot.port.ear = None
        slot.free_from = now + _REST_SECONDS

    def clear(self) -> None:
        """Drop every port, before the library goes: one that is left would abort the process."""
        for slot in self._slots:
            slot.port = None
        self._slots.clear()
