"""The recordings of a cell: begun, paused, closed, put together, told of."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pjsua2 as pj

from hookline_telephony_sip.cell import messages as msg
from hookline_telephony_sip.cell.leg import Leg
from hookline_telephony_sip.cell.line import Facts, RecordingAssembled
from hookline_telephony_sip.cell.links import Recorded, recording_nodes
from hookline_telephony_sip.cell.mixer import Mixer
from hookline_telephony_sip.cell.recording import Recording


class Recordings:
    """Keeps them until they may be read."""

    def __init__(self, clock_rate: int, facts: Facts, report: Callable[[msg.Message], None]) -> None:
        self._clock_rate = clock_rate
        self._facts = facts
        self._report = report
        self._recordings: dict[str, Recording] = {}

    @property
    def empty(self) -> bool:
        """None is left."""
        return not self._recordings

    def port(self, side: str, piece: str) -> Any:
        """The port of one side of a piece."""
        recording = self._recordings.get(piece.rpartition(".")[0])
        return recording.port(side) if recording is not None and recording.piece == piece else None

    def running(self) -> list[Recorded]:
        """Those into which what is said goes now."""
        return [Recorded(item.piece, item.leg) for item in self._recordings.values() if item.runs]

    def of(self, leg: str) -> bool:
        """Whether the leg has one that is not finished."""
        return any(item.leg == leg for item in self._recordings.values())

    def start(self, command: msg.StartRecording, leg: Leg | None) -> str:
        """Begin; a text for the log where that is not possible, which is told as an empty recording."""
        try:
            if leg is None or leg.ended is not None:
                raise ProcessLookupError
            recording = Recording(command.recording, command.leg, Path(command.path))
        except (pj.Error, OSError) as error:
            self._report(msg.Recorded(command.recording, msg.now_text(), 0.0, complete=False))
            return f"starting a recording: {type(error).__name__}"
        self._recordings[command.recording] = recording
        return ""

    def pause(self, name: str, on: bool, mixer: Mixer) -> None:
        """Leave out what is said, or go on. Raises pj.Error."""
        recording = self._recordings.get(name)
        if recording is not None:
            self._forget(recording, mixer)
            recording.pause(on, time.monotonic())

    def close(self, name: str, mixer: Mixer) -> None:
        """Let the file be closed."""
        recording = self._recordings.get(name)
        if recording is not None and not recording.closing:
            self._forget(recording, mixer)
            recording.close(time.monotonic())

    def close_of(self, leg: str | None, mixer: Mixer) -> None:
        """Close those of the leg; None: all."""
        for recording in list(self._recordings.values()):
            if leg is None or recording.leg == leg:
                self.close(recording.name, mixer)

    def turn(self, now: float) -> None:
        """Put together what is closed."""
        for recording in self._recordings.values():
            recording.assemble_when_closed(now, self._clock_rate, self._facts)

    def take(self, fact: RecordingAssembled, ended_at: Callable[[str], str | None]) -> None:
        """It is whole. Its moment is not after that of its leg's end, which is reported after it."""
        recording = self._recordings.pop(fact.recording, None)
        if recording is not None:
            at = ended_at(recording.leg) or msg.now_text()
            done = fact.done
            self._report(msg.Recorded(fact.recording, at, done.seconds, done.complete, done.gaps))

    def _forget(self, recording: Recording, mixer: Mixer) -> None:
        for node in recording_nodes(recording.piece):
            mixer.forget(node)
