"""Who hears whom, and digits."""

from __future__ import annotations

from functools import partial

from hookline.ports.telephony import Capability, HangupCause, LegAnswered, LegEnded, LegRinging, TelephonyError
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios

_here = Scenarios()
SCENARIOS = _here.all

TALK = (Capability.STATION, Capability.PLACE, Capability.BRIDGE)


def _hear_each_other(play: Play, agent: str, customer: str) -> None:
    play.until("the customer hears the agent", lambda: play.hears(customer, agent))
    play.until("the agent hears the customer", lambda: play.hears(agent, customer))


@_here.scenario(*TALK)
def bridged(play: Play) -> None:
    """Bridged, the two hear each other; our hang_up ends the customer's leg as LOCAL."""
    _, agent, customer = play.talk()
    _hear_each_other(play, agent, customer)
    play.backend.hang_up(customer)
    play.until_ended(customer, HangupCause.LOCAL)


@_here.scenario(Capability.STATION, Capability.PLACE)
def not_bridged(play: Play) -> None:
    """Before they are bridged, two legs of one conversation do not hear each other."""
    room = play.room()
    agent, customer = play.answered_station(room), play.answered_call(room)
    play.rig.let_pass(2 * SETTLE_SECONDS)
    play.expect(not play.hears(customer, agent), "an unbridged customer does not hear the agent")
    play.expect(not play.hears(agent, customer), "an unbridged agent does not hear the customer")


@_here.scenario(*TALK)
def bridge_too_early(play: Play) -> None:
    """Bridging a leg that has not answered is refused as retryable, unless the backend has early media."""
    room = play.room()
    agent, customer = play.answered_station(room), play.call(room, "no_answer")
    bridge = partial(play.backend.bridge, room, agent, customer)
    if Capability.EARLY_MEDIA in play.backend.capabilities:
        bridge()
        return
    error = play.refused(bridge, "an unanswered leg cannot be bridged", TelephonyError)
    play.expect(error.retryable, "bridging before the answer may work a moment later: retryable")


@_here.scenario(*TALK, Capability.EARLY_MEDIA)
def early_media(play: Play) -> None:
    """Bridged before its answer, a far side that speaks is heard by the agent, and has not answered."""
    room = play.room()
    agent, customer = play.answered_station(room), play.call(room, "announces")
    play.until("LegRinging comes", lambda: bool(play.events(customer, LegRinging)))
    play.backend.bridge(room, agent, customer)
    play.until("the agent hears the announcement", lambda: play.hears(agent, customer))
    play.expect(not play.events(customer, LegAnswered), "an announcement before the answer is no answer")


@_here.scenario(*TALK, Capability.EARLY_MEDIA)
def early_bridge_lasts(play: Play) -> None:
    """A bridge made while it rings lets the two hear each other after the answer."""
    room = play.room()
    agent, customer = play.answered_station(room), play.call(room)
    play.backend.bridge(room, agent, customer)
    play.until_answered(customer)
    _hear_each_other(play, agent, customer)


@_here.scenario(*TALK)
def unbridge(play: Play) -> None:
    """Unbridged, the two do not hear each other any more and stay; unbridging again is no error."""
    room, agent, customer = play.talk()
    _hear_each_other(play, agent, customer)
    for _ in range(2):
        play.backend.unbridge(room, agent, customer)
    play.until_heard({agent: [], customer: []})
    play.expect(not play.events(customer, LegEnded), "an unbridged leg stays")
    play.backend.bridge(room, agent, customer)
    _hear_each_other(play, agent, customer)


@_here.scenario(*TALK, Capability.HOLD)
def hold(play: Play) -> None:
    """On hold the customer hears nobody and nobody hears the customer; taken back, all is as before."""
    _, agent, customer = play.talk()
    _hear_each_other(play, agent, customer)
    play.backend.hold(customer, True)
    play.until("the held customer does not hear the agent", lambda: not play.hears(customer, agent))
    play.until("the agent does not hear the held customer", lambda: not play.hears(agent, customer))
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.hears(agent, customer), "hold lasts until it is taken back")
    play.expect(not play.events(customer, LegEnded), "a held leg stays")
    play.backend.hold(customer, False)
    _hear_each_other(play, agent, customer)


@_here.scenario(*TALK, Capability.HOLD)
def hang_up_on_hold(play: Play) -> None:
    """A held leg can be hung up; the other stays."""
    _, agent, customer = play.talk()
    play.backend.hold(customer, True)
    play.until("the held customer does not hear the agent", lambda: not play.hears(customer, agent))
    play.backend.hang_up(customer)
    play.until_ended(customer, HangupCause.LOCAL)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(agent, LegEnded), "the agent's leg stays when the customer's ends")


@_here.scenario(*TALK, Capability.MUTE)
def mute(play: Play) -> None:
    """A muted agent is not heard and goes on hearing; unmuted, the two hear each other again."""
    _, agent, customer = play.talk()
    _hear_each_other(play, agent, customer)
    play.backend.mute(agent, True)
    play.until("the customer does not hear the muted agent", lambda: not play.hears(customer, agent))
    play.until("the muted agent hears the customer", lambda: play.hears(agent, customer))
    play.backend.mute(agent, False)
    _hear_each_other(play, agent, customer)


@_here.scenario(Capability.PLACE, Capability.DTMF_SEND)
def dtmf_sent(play: Play) -> None:
    """Digits that we send arrive at the far side, all, in order."""
    leg = play.answered_call(play.room())
    far = play.far(leg)
    for digits in ("123", "*0#"):
        play.backend.send_dtmf(leg, digits)
    play.until("the digits 123*0# arrive", lambda: len(far.digits()) >= 6)
    play.expect(far.digits() == "123*0#", f"the digits arrive as sent; what arrived was {far.digits()}")


@_here.scenario(Capability.PLACE, Capability.DTMF_SEND)
def dtmf_nonsense(play: Play) -> None:
    """What no telephone can press is refused, and none of it is sent."""
    leg = play.answered_call(play.room())
    for nonsense in ("12x", ""):
        command = partial(play.backend.send_dtmf, leg, nonsense)
        error = play.refused(command, f"{nonsense!r} are no digits")
        play.expect(not error.retryable, "what is no digit will not become one")
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(play.far(leg).digits() == "", "a refused send_dtmf sends nothing")


@_here.scenario(Capability.PLACE, Capability.DTMF_RECEIVE)
def dtmf_received(play: Play) -> None:
    """Each digit pressed at the far side comes in once."""
    leg = play.answered_call(play.room())
    for digit in "5#":
        play.far(leg).press(digit)
    play.until_digits(leg, "5#")
