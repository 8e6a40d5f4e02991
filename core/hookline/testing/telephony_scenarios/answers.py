"""What is told of an answer: who it is, and custom headers both ways."""

from __future__ import annotations

from hookline.ports.telephony import Answerer, AnswererDetected, Capability
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_rig import ANSWER_HEADERS
from hookline.testing.telephony_scenario import Scenarios

_here = Scenarios()
SCENARIOS = _here.all

SOON_SECONDS = 2.0


def _detects(play: Play, behaviour: str, expected: Answerer) -> None:
    leg = play.answered_call(play.room(), behaviour, detect_answerer=True)
    play.until("AnswererDetected comes", lambda: bool(play.events(leg, AnswererDetected)), SOON_SECONDS + 1.0)
    detected = play.events(leg, AnswererDetected)[0]
    play.expect(detected.answerer is expected, f"it is a {expected.value}; it was told as {detected.answerer.value}")
    play.expect(
        0 <= detected.after_seconds <= SOON_SECONDS,
        f"it is told at most {SOON_SECONDS} s after the answer; it took {detected.after_seconds}",
    )


@_here.scenario(Capability.PLACE, Capability.DETECT_ANSWERER)
def person_detected(play: Play) -> None:
    """Somebody who says a short word and waits is told as a person."""
    _detects(play, "person", Answerer.PERSON)


@_here.scenario(Capability.PLACE, Capability.DETECT_ANSWERER)
def machine_detected(play: Play) -> None:
    """What speaks without a pause is told as a machine."""
    _detects(play, "machine", Answerer.MACHINE)


@_here.scenario(Capability.PLACE)
def nobody_asked_who(play: Play) -> None:
    """Where nobody asked who answers, nothing is told of it."""
    leg = play.answered_call(play.room(), "machine")
    play.rig.let_pass(SOON_SECONDS + SETTLE_SECONDS)
    play.expect(not play.events(leg, AnswererDetected), "AnswererDetected comes only where it was asked for")


@_here.scenario(Capability.PLACE, Capability.HEADERS)
def headers(play: Play) -> None:
    """Custom headers reach the far side, and those of its answer are told."""
    leg = play.call(play.room(), headers={"X-Campaign": "7", "X-Contact": "42"})
    answered = play.until_answered(leg)
    arrived = {name.lower(): value for name, value in play.far(leg).headers().items()}
    for name, value in {"x-campaign": "7", "x-contact": "42"}.items():
        play.expect(arrived.get(name) == value, f"{name} arrives; what arrived was {arrived}")
    told = {name.lower(): value for name, value in answered.headers.items()}
    for name, value in ANSWER_HEADERS.items():
        play.expect(told.get(name.lower()) == value, f"{name} of the answer is told; what came was {told}")
