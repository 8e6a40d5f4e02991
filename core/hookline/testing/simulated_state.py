"""What the simulated network knows about its legs, rooms and recordings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from hookline.ports.telephony import LegKind, Play, StationKind, SupervisionMode
from hookline.testing.behaviour import Behaviour
from hookline.testing.clock import Timer
from hookline.testing.tones import (
    AGENT_TONE_HZ,
    CONSULT_TONE_HZ,
    CUSTOMER_TONE_HZ,
    GAP_TONE_HZ,
    SUPERVISOR_TONE_HZ,
    write_stereo_tones,
    write_tones,
)

PITCHES = {
    LegKind.CUSTOMER: CUSTOMER_TONE_HZ,
    LegKind.AGENT: AGENT_TONE_HZ,
    LegKind.CONSULT: CONSULT_TONE_HZ,
    LegKind.SUPERVISOR: SUPERVISOR_TONE_HZ,
}

GAP_TONE_SECONDS = 0.2
"""How long the tone is that marks a pause of a recording."""


class LegState(StrEnum):
    """Where a simulated leg stands."""

    CALLING = "calling"
    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


@dataclass
class SimulatedLeg:
    """One leg, with its far side's plans (`timers`) and what reached the far side.

    `away` is a browser station whose browser is gone, which `loss_timer` gives up; `partner` the leg that this one
    was transferred to.
    """

    conversation_id: str
    leg_id: str
    kind: LegKind
    address: str
    behaviour: Behaviour
    station: StationKind | None = None
    state: LegState = LegState.CALLING
    on_hold: bool = False
    muted: bool = False
    away: bool = False
    loss_seconds: float = 0.0
    loss_timer: Timer | None = None
    offered: bool = False
    detects: bool = False
    mode: SupervisionMode = SupervisionMode.OFF
    partner: str | None = None
    digits_heard: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    sounds: dict[str, Play] = field(default_factory=dict)
    timers: list[Timer] = field(default_factory=list)

    @property
    def audible(self) -> bool:
        """Whether what the far side says gets into the room."""
        early = self.state is LegState.RINGING and self.behaviour.early_media
        speaks = self.state is LegState.ANSWERED or early
        return speaks and not (self.on_hold or self.muted or self.away or self.behaviour.silent)

    @property
    def pitch(self) -> int:
        """The tone (Hz) that the far side says."""
        return PITCHES[self.kind]

    def forget_plans(self) -> None:
        """Let nothing more happen at the far side by itself."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()


@dataclass
class Tape:
    """A recording under way: which tones sounded on which side since when. The file is written when it closes."""

    recording_id: str
    leg_id: str
    path: Path
    longest_seconds: float
    stereo: bool
    pieces: list[tuple[float, tuple[int, ...], tuple[int, ...]]] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)
    _sounding: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    _since: datetime | None = None
    _paused_at: datetime | None = None

    @property
    def seconds(self) -> float:
        """How much has been recorded so far."""
        return sum(seconds for seconds, _, _ in self.pieces)

    def hear(self, left: tuple[int, ...], right: tuple[int, ...], at: datetime) -> None:
        """From `at` on these tones sound."""
        self._flush(at)
        self._sounding = left, right

    def pause(self, on: bool, at: datetime) -> None:
        """Leave out what sounds, or go on after a short tone."""
        self._flush(at)
        if on and self._paused_at is None:
            self._paused_at = at
        elif not on and self._paused_at is not None:
            self.gaps.append((self.seconds, (at - self._paused_at).total_seconds()))
            self.pieces.append((GAP_TONE_SECONDS, (GAP_TONE_HZ,), (GAP_TONE_HZ,)))
            self._paused_at = None

    def close(self, at: datetime) -> float:
        """Write the file; returns how many seconds were recorded (the file holds at most the longest)."""
        self.pause(False, at)
        self._flush(at)
        kept, left = [], self.longest_seconds
        for seconds, one, other in self.pieces:
            kept.append((min(seconds, left), one, other))
            left = max(0.0, left - seconds)
        if self.stereo:
            write_stereo_tones(self.path, kept)
        else:
            write_tones(self.path, [(seconds, one + other) for seconds, one, other in kept])
        return self.seconds

    def _flush(self, at: datetime) -> None:
        if self._since is not None and at > self._since and self._paused_at is None:
            self.pieces.append(((at - self._since).total_seconds(), *self._sounding))
        self._since = at


@dataclass
class Room:
    """A conversation: its legs, who is bridged with whom, what is being recorded.

    `fleeting` ones were not made by a command that named them: they go when their last leg goes.
    """

    conversation_id: str
    fleeting: bool = False
    legs: dict[str, SimulatedLeg] = field(default_factory=dict)
    bridges: set[frozenset[str]] = field(default_factory=set)
    tapes: dict[str, Tape] = field(default_factory=dict)

    def heard_by(self, leg: SimulatedLeg) -> frozenset[str]:
        """The legs whose far sides this leg's far side hears now."""
        if leg.state is not LegState.ANSWERED or leg.on_hold or leg.away:
            return frozenset()
        others = (other for other in self.legs.values() if other is not leg and other.audible)
        return frozenset(other.leg_id for other in others if self._reaches(other, leg))

    def sounds_heard_by(self, leg: SimulatedLeg) -> list[Path]:
        """The sounds that this leg's far side is played now, its own and those aloud in the ears of partners."""
        if leg.state is not LegState.ANSWERED or leg.away:
            return []
        own = [sound.path for sound in leg.sounds.values()]
        partners = (self.legs[other] for pair in self.bridges if leg.leg_id in pair for other in pair - {leg.leg_id})
        aloud = [sound.path for partner in partners for sound in partner.sounds.values() if sound.aloud]
        return own if leg.on_hold else own + aloud

    def update_tapes(self, at: datetime) -> None:
        """Note on every tape what sounds from now on."""
        for tape in self.tapes.values():
            leg = self.legs[tape.leg_id]
            heard = {self.legs[other].pitch for other in self.heard_by(leg)}
            tape.hear((leg.pitch,) if leg.audible else (), tuple(sorted(heard)), at)

    def _reaches(self, speaker: SimulatedLeg, listener: SimulatedLeg) -> bool:
        if LegKind.SUPERVISOR not in (speaker.kind, listener.kind):
            return frozenset({speaker.leg_id, listener.leg_id}) in self.bridges
        if listener.kind is LegKind.SUPERVISOR:
            listens = listener.mode is not SupervisionMode.OFF and speaker.kind is not LegKind.SUPERVISOR
            return listens and self._is_with_the_agent(speaker)
        if speaker.mode is SupervisionMode.WHISPER:
            return listener.kind is LegKind.AGENT
        return speaker.mode is SupervisionMode.BARGE and self._is_with_the_agent(listener)

    def _is_with_the_agent(self, leg: SimulatedLeg) -> bool:
        pairs = (pair for pair in self.bridges if leg.leg_id in pair)
        return leg.kind is LegKind.AGENT or any(
            self.legs[other].kind is LegKind.AGENT for pair in pairs for other in pair
        )
