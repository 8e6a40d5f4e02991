"""Who answered, from the energy and cadence of the first seconds: a person says a short word and waits, a machine
talks on, or sends one steady tone. Pure; `ear` feeds it.

Chosen to err towards people: what is not certain is UNDECIDED, which everybody must treat as a person.
"""

from __future__ import annotations

import array
import math
from itertools import pairwise

from hookline.ports.telephony import Answerer

LIMIT_SECONDS = 2.0
_FRAME_SECONDS = 0.02
_VOICE_RMS = 250.0  # of 32767, about -42 dBFS: above line noise, below a quiet voice
_WORD_PAUSE_SECONDS = 0.2  # shorter gaps belong to the same utterance
_GREETING_SECONDS = (0.1, 1.1)  # "halo", "Kowalski, słucham"
_WAITING_SECONDS = 0.4  # of silence after it: somebody listens
_MONOLOGUE_SECONDS = 1.7  # nobody speaks so long before hearing who calls
_TONE_STEADINESS = 0.04  # relative spread of the loudness
_TONE_CROSSINGS_SPREAD = 1.5  # of zero crossings in a frame
_TONE_SECONDS = 0.9


class AnswererDetector:
    """Takes frames of 20 ms from the answer on; `verdict` is None until something is certain or 2 s are over."""

    def __init__(self) -> None:
        self.verdict: Answerer | None = None
        self._seconds = 0.0
        self._spoken = 0.0  # of the utterance under way, its small gaps included
        self._silent = 0.0
        self._loudness: list[float] = []
        self._crossings: list[int] = []

    def hear(self, frame: bytes) -> None:
        """One more frame of 16 bit samples."""
        if self.verdict is not None:
            return
        samples = array.array("h", frame[: len(frame) - len(frame) % 2])
        loud = math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples)))
        self._seconds += _FRAME_SECONDS
        if loud >= _VOICE_RMS:
            self._voice(loud, sum((one < 0) is not (other < 0) for one, other in pairwise(samples)))
        else:
            self._silence()
        if self.verdict is None and self._seconds >= LIMIT_SECONDS - _FRAME_SECONDS:
            self.verdict = Answerer.UNDECIDED

    def _voice(self, loud: float, crossings: int) -> None:
        if self._silent > _WORD_PAUSE_SECONDS:
            self._spoken = 0.0
        self._spoken += _FRAME_SECONDS + (self._silent if self._spoken else 0.0)
        self._silent = 0.0
        self._loudness.append(loud)
        self._crossings.append(crossings)
        if self._spoken >= _MONOLOGUE_SECONDS or (self._spoken >= _TONE_SECONDS and self._is_tone()):
            self.verdict = Answerer.MACHINE

    def _silence(self) -> None:
        self._silent += _FRAME_SECONDS
        if self._silent > _WORD_PAUSE_SECONDS:
            self._loudness.clear()
            self._crossings.clear()
        shortest, longest = _GREETING_SECONDS
        if self._silent >= _WAITING_SECONDS and shortest <= self._spoken <= longest:
            self.verdict = Answerer.PERSON

    def _is_tone(self) -> bool:
        count = round(_TONE_SECONDS / _FRAME_SECONDS) - 2  # the first frame may hold the answer's click
        loudness, crossings = self._loudness[-count:], self._crossings[-count:]
        mean = sum(loudness) / len(loudness)
        spread = math.sqrt(sum((value - mean) ** 2 for value in loudness) / len(loudness)) / mean
        return spread < _TONE_STEADINESS and max(crossings) - min(crossings) <= 2 * _TONE_CROSSINGS_SPREAD
