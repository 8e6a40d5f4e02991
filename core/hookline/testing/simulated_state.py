"""What the simulated network knows about its legs, rooms and recordings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from hookline.ports.telephony import LegKind
from hookline.testing.behaviour import Behaviour
from hookline.testing.clock import Timer
from hookline.testing.tones import AGENT_TONE_HZ, CUSTOMER_TONE_HZ, write_tones


class LegState(StrEnum):
    """Where a simulated leg stands."""

    CALLING = "calling"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


@dataclass
class SimulatedLeg:
    """One leg, with its far side's plans (`timers`) and the digits that reached the far side."""

    conversation_id: str
    leg_id: str
    kind: LegKind
    address: str
    behaviour: Behaviour
    state: LegState = LegState.CALLING
    on_hold: bool = False
    muted: bool = False
    digits_heard: str = ""
    timers: list[Timer] = field(default_factory=list)

    @property
    def audible(self) -> bool:
        """Whether what the far side says gets into the room."""
        answered = self.state is LegState.ANSWERED
        return answered and not (self.on_hold or self.muted or self.behaviour.silent)

    @property
    def pitch(self) -> int:
        """The tone (Hz) that the far side says."""
        return CUSTOMER_TONE_HZ if self.kind is LegKind.CUSTOMER else AGENT_TONE_HZ

    def forget_plans(self) -> None:
        """Let nothing more happen at the far side by itself."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()


@dataclass
class Tape:
    """A recording under way: which tones sounded since when. The file is written when it closes."""

    recording_id: str
    leg_id: str
    path: Path
    longest_seconds: float
    pieces: list[tuple[float, tuple[int, ...]]] = field(default_factory=list)
    _sounding: tuple[int, ...] = ()
    _since: datetime | None = None

    def hear(self, pitches: tuple[int, ...], at: datetime) -> None:
        """From `at` on these tones sound."""
        if self._since is not None and at > self._since:
            self.pieces.append(((at - self._since).total_seconds(), self._sounding))
        self._sounding, self._since = pitches, at

    def close(self, at: datetime) -> float:
        """Write the file; returns how many seconds were recorded (the file holds at most the longest)."""
        self.hear((), at)
        kept, left = [], self.longest_seconds
        for seconds, pitches in self.pieces:
            kept.append((min(seconds, left), pitches))
            left = max(0.0, left - seconds)
        write_tones(self.path, kept)
        return sum(seconds for seconds, _ in self.pieces)


@dataclass
class Room:
    """A conversation: its legs, who is bridged with whom, what is being recorded."""

    conversation_id: str
    legs: dict[str, SimulatedLeg] = field(default_factory=dict)
    bridges: set[frozenset[str]] = field(default_factory=set)
    tapes: dict[str, Tape] = field(default_factory=dict)

    def heard_by(self, leg: SimulatedLeg) -> frozenset[str]:
        """The legs whose far sides this leg's far side hears now."""
        if leg.state is not LegState.ANSWERED or leg.on_hold:
            return frozenset()
        others = (other for other in self.legs.values() if other is not leg and other.audible)
        return frozenset(other.leg_id for other in others if frozenset({leg.leg_id, other.leg_id}) in self.bridges)

    def update_tapes(self, at: datetime) -> None:
        """Note on every tape what sounds from now on."""
        for tape in self.tapes.values():
            leg = self.legs[tape.leg_id]
            sounding = {self.legs[other].pitch for other in self.heard_by(leg)}
            if leg.audible:
                sounding.add(leg.pitch)
            tape.hear(tuple(sorted(sounding)), at)
