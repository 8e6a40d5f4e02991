"""What the simulated backend checks before a command takes effect. TelephonyError where it cannot."""

from __future__ import annotations

import wave
from collections.abc import Container
from pathlib import Path

from hookline.ports.telephony import Capability, LegKind, StationKind, TelephonyError
from hookline.testing.simulated_state import SimulatedLeg
from hookline.testing.tones import wav_seconds, write_tones

STATION_NEEDS = {
    StationKind.SIP: Capability.STATION,
    StationKind.NUMBER: Capability.NUMBER_STATION,
    StationKind.BROWSER: Capability.BROWSER_STATION,
}
DIGITS = frozenset("0123456789*#ABCD")


def check_room(leg: SimulatedLeg, conversation_id: str) -> None:
    """The leg is in that conversation."""
    if leg.conversation_id != conversation_id:
        message = f"Leg {leg.leg_id} is not in conversation {conversation_id}."
        raise TelephonyError(message, retryable=False)


def check_pair(leg: SimulatedLeg, other: SimulatedLeg, conversation_id: str) -> None:
    """They are two legs of that conversation."""
    check_room(leg, conversation_id)
    check_room(other, conversation_id)
    if leg is other:
        raise TelephonyError(f"Leg {leg.leg_id} cannot be bridged with itself.", retryable=False)


def check_recording(leg: SimulatedLeg, recording_id: str, path: Path, used: Container[str]) -> None:
    """The leg can be recorded into this file, which is there afterwards, empty."""
    if leg.kind is not LegKind.CUSTOMER:
        raise TelephonyError(f"Leg {leg.leg_id} is not a customer's leg.", retryable=False)
    if recording_id in used:
        raise TelephonyError(f"Recording {recording_id} was already started.", retryable=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tones(path, ())
    except OSError as error:
        raise TelephonyError(
            f"The recording cannot be written: {error.strerror}.",
            "Check that its folder may be written to.",
            retryable=False,
        ) from error


def check_digits(digits: str) -> None:
    """A telephone can press them."""
    if not digits or not DIGITS.issuperset(digits):
        raise TelephonyError(f"{digits!r} cannot be sent: a telephone knows 0-9, *, # and A-D.", retryable=False)


def seconds_of(sound: Path) -> float:
    """How long the sound is."""
    try:
        return wav_seconds(sound)
    except (OSError, EOFError, wave.Error) as error:
        raise TelephonyError("The sound cannot be read.", "Give a WAV file.", retryable=False) from error
