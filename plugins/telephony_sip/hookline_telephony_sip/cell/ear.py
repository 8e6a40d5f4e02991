"""Listens to a leg after its answer, until it is known who answered."""

from __future__ import annotations

from collections import deque
from typing import Any

import pjsua2 as pj

from hookline.ports.telephony import Answerer
from hookline_telephony_sip.cell.answerer import LIMIT_SECONDS, AnswererDetector
from hookline_telephony_sip.cell.wire import audio_format


class Ear(pj.AudioMediaPort):  # type: ignore[misc]
    """A port that keeps what it hears. Its callback runs on the library's clock thread and only copies bytes."""

    def __init__(self, leg: str, clock_rate: int) -> None:
        super().__init__()
        self.leg = leg
        self._heard: deque[bytes] = deque(maxlen=200)
        self._detector = AnswererDetector()
        self.createPort(f"ear {leg}"[:30], audio_format(clock_rate))

    def onFrameReceived(self, frame: Any) -> None:
        """Keep it."""
        if frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO:
            self._heard.append(bytes(frame.buf))

    def onFrameRequested(self, frame: Any) -> None:
        """It says nothing."""
        frame.type = pj.PJMEDIA_FRAME_TYPE_NONE

    def verdict(self, answered_at: float, now: float) -> Answerer | None:
        """Who answered, once that is known; UNDECIDED where too little was heard in time."""
        while self._heard:
            self._detector.hear(self._heard.popleft())
        if self._detector.verdict is not None:
            return self._detector.verdict
        return Answerer.UNDECIDED if now - answered_at >= LIMIT_SECONDS - 0.05 else None
