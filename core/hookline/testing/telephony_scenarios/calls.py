"""How legs begin and end."""

from __future__ import annotations

from hookline.ports.telephony import (
    Capability,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegRinging,
    NoSuchLeg,
    TelephonyError,
)
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios

_here = Scenarios()
SCENARIOS = _here.all

RING_TIMER_SECONDS = 2.0
EARLY_SECONDS = 0.1
LATE_SECONDS = 1.5


@_here.scenario(Capability.PLACE)
def answered(play: Play) -> None:
    """A call is answered, stays, and our hang_up ends it as LOCAL."""
    leg = play.call(play.room())
    play.until_answered(leg)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(leg, LegEnded), "an answered leg stays until somebody hangs up")
    play.backend.hang_up(leg)
    play.until_ended(leg, HangupCause.LOCAL)


@_here.scenario(Capability.PLACE)
def ringing(play: Play) -> None:
    """A far side that rings is told of, before its answer."""
    leg = play.call(play.room(), "no_answer")
    play.until("LegRinging comes", lambda: bool(play.events(leg, LegRinging)))
    play.expect(not play.events(leg, LegAnswered), "a number that only rings has not answered")


@_here.scenario(Capability.PLACE)
def remote_hang_up(play: Play) -> None:
    """The far side hangs up after the answer: NORMAL."""
    leg = play.call(play.room(), "answers_and_hangs_up")
    play.until_answered(leg)
    play.until_ended(leg, HangupCause.NORMAL)


@_here.scenario(Capability.PLACE)
def remote_hang_up_by_hand(play: Play) -> None:
    """The far side hangs up when it likes: NORMAL."""
    leg = play.answered_call(play.room())
    play.far(leg).hang_up()
    play.until_ended(leg, HangupCause.NORMAL)


def _refused(play: Play, behaviour: str, cause: HangupCause) -> None:
    leg = play.call(play.room(), behaviour)
    play.until_ended(leg, cause)
    play.expect(not play.events(leg, LegAnswered), "a refused call was never answered")


@_here.scenario(Capability.PLACE)
def busy(play: Play) -> None:
    """A busy number ends the leg as BUSY."""
    _refused(play, "busy", HangupCause.BUSY)


@_here.scenario(Capability.PLACE)
def declined(play: Play) -> None:
    """A declined call ends the leg as DECLINED."""
    _refused(play, "declined", HangupCause.DECLINED)


@_here.scenario(Capability.PLACE)
def invalid_number(play: Play) -> None:
    """A number that does not exist ends the leg as INVALID_NUMBER."""
    _refused(play, "invalid", HangupCause.INVALID_NUMBER)


@_here.scenario(Capability.PLACE)
def unreachable(play: Play) -> None:
    """A number that cannot be reached ends the leg as UNREACHABLE."""
    _refused(play, "unreachable", HangupCause.UNREACHABLE)


@_here.scenario(Capability.PLACE)
def ring_timer(play: Play) -> None:
    """Nobody answers within ring_timeout_seconds of the command: NO_ANSWER, neither early nor late."""
    begun = play.rig.now()
    leg = play.call(play.room(), "no_answer", ring_timeout_seconds=RING_TIMER_SECONDS)
    ended = play.until_ended(leg, HangupCause.NO_ANSWER)
    took = (ended.at - begun).total_seconds()
    earliest, latest = RING_TIMER_SECONDS - EARLY_SECONDS, RING_TIMER_SECONDS + LATE_SECONDS
    play.expect(earliest <= took <= latest, f"a ring timer of {RING_TIMER_SECONDS} s ends the leg; it took {took}")


@_here.scenario(Capability.PLACE)
def ring_timer_spares_the_answered(play: Play) -> None:
    """The ring timer does not end a leg that was answered in time."""
    leg = play.call(play.room(), ring_timeout_seconds=3.0)
    play.until_answered(leg)
    play.rig.let_pass(3.3)
    play.expect(not play.events(leg, LegEnded), "the ring timer stops at the answer")


@_here.scenario(Capability.PLACE)
def cancel(play: Play) -> None:
    """Our hang_up while it rings ends the leg as CANCELLED."""
    leg = play.call(play.room(), "no_answer")
    play.until("LegRinging comes", lambda: bool(play.events(leg, LegRinging)))
    play.backend.hang_up(leg)
    play.until_ended(leg, HangupCause.CANCELLED)


@_here.scenario(Capability.PLACE)
def cancel_at_once(play: Play) -> None:
    """Our hang_up right after the command, when the network has hardly heard of it: CANCELLED."""
    leg = play.call(play.room(), "no_answer")
    play.backend.hang_up(leg)
    play.until_ended(leg, HangupCause.CANCELLED)


@_here.scenario(Capability.STATION)
def station(play: Play) -> None:
    """A station answers and our hang_up ends it as LOCAL."""
    leg = play.answered_station(play.room())
    play.backend.hang_up(leg)
    play.until_ended(leg, HangupCause.LOCAL)


@_here.scenario(Capability.STATION)
def station_declines(play: Play) -> None:
    """A station that declines ends as DECLINED."""
    play.until_ended(play.station(play.room(), "declines"), HangupCause.DECLINED)


@_here.scenario(Capability.STATION)
def station_hangs_up(play: Play) -> None:
    """The agent hangs the telephone up: NORMAL."""
    leg = play.answered_station(play.room())
    play.far(leg).hang_up()
    play.until_ended(leg, HangupCause.NORMAL)


@_here.scenario(Capability.PLACE)
def ended_leg(play: Play) -> None:
    """Every command about a leg that has ended raises NoSuchLeg."""
    room = play.room()
    leg = play.call(room, "busy")
    play.until_ended(leg, HangupCause.BUSY)
    _has_no_leg(play, room, leg)


@_here.scenario()
def unknown_leg(play: Play) -> None:
    """Every command about a leg that never was raises NoSuchLeg."""
    _has_no_leg(play, play.rig.fresh_id(), play.rig.fresh_id())


def _has_no_leg(play: Play, room: str, leg: str) -> None:
    backend, has = play.backend, play.backend.capabilities
    path = play.rig.directory / "never.wav"
    commands = {
        "hang_up": (None, lambda: backend.hang_up(leg)),
        "hold": (Capability.HOLD, lambda: backend.hold(leg, True)),
        "mute": (Capability.MUTE, lambda: backend.mute(leg, True)),
        "send_dtmf": (Capability.DTMF_SEND, lambda: backend.send_dtmf(leg, "1")),
        "bridge": (Capability.BRIDGE, lambda: backend.bridge(room, leg, leg + "-other")),
        "start_recording": (
            Capability.RECORD,
            lambda: backend.start_recording(room, leg, play.rig.fresh_id(), path),
        ),
    }
    for name, (needs, command) in commands.items():
        if needs is None or needs in has:
            error = play.refused(command, f"{name} of a leg that is not there raises NoSuchLeg", NoSuchLeg)
            play.expect(not error.retryable, "NoSuchLeg is not retryable")


@_here.scenario(Capability.PLACE)
def used_leg_id(play: Play) -> None:
    """A leg's id that is in use is refused, and the leg that has it goes on."""
    room = play.room()
    leg = play.answered_call(room)
    error = play.refused(lambda: play.call_again(room, leg), "a used leg id raises TelephonyError", TelephonyError)
    play.expect(not error.retryable, "a used leg id is not retryable")
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(leg, LegEnded), "the leg whose id it is goes on")
