"""Calls that come in."""

from __future__ import annotations

from hookline.ports.telephony import Capability, HangupCause, LegAnswered, LegEnded
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios

_here = Scenarios()
SCENARIOS = _here.all


@_here.scenario(Capability.INBOUND, Capability.STATION, Capability.BRIDGE)
def inbound(play: Play) -> None:
    """An offered call is answered into an agent's conversation, where both hear each other."""
    room = play.room()
    agent = play.answered_station(room)
    offer = play.offered()
    play.expect(bool(offer.dialled and offer.line), "the offer says what was dialled and by which line it came")
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(offer.leg_id, LegAnswered), "nobody answers an offer by himself")
    play.answer(offer.leg_id, room)
    answered = play.until_answered(offer.leg_id)
    play.expect(answered.conversation_id == room, "the answer names the conversation it was answered into")
    play.backend.bridge(room, agent, offer.leg_id)
    play.until_heard({agent: [offer.leg_id], offer.leg_id: [agent]})
    play.refused(lambda: play.backend.answer(offer.leg_id, room), "an answered call cannot be answered again")
    play.far(offer.leg_id).hang_up()
    play.until_ended(offer.leg_id, HangupCause.NORMAL)
    play.expect(not play.events(agent, LegEnded), "the agent's leg outlives the caller's")


@_here.scenario(Capability.INBOUND)
def inbound_refused(play: Play) -> None:
    """Our hang_up refuses an offered call: CANCELLED."""
    offer = play.offered()
    play.backend.hang_up(offer.leg_id)
    play.until_ended(offer.leg_id, HangupCause.CANCELLED)


@_here.scenario(Capability.INBOUND)
def inbound_given_up(play: Play) -> None:
    """A caller who gives up before the answer leaves by CANCELLED, and cannot be answered any more."""
    offer = play.offered()
    play.far(offer.leg_id).hang_up()
    play.until_ended(offer.leg_id, HangupCause.CANCELLED)
    play.refused(lambda: play.backend.answer(offer.leg_id, play.room()), "who has given up cannot be answered")


@_here.scenario(Capability.INBOUND, Capability.PLAY)
def inbound_message(play: Play) -> None:
    """A call is answered into a room of its own, hears a message to its end, and is hung up."""
    offer = play.offered()
    play.answer(offer.leg_id, play.room())
    play.until_answered(offer.leg_id)
    finished = play.until_played(play.play_sound(offer.leg_id, play.sound(3100, 0.5)))
    play.expect(finished.complete, "the message is played to its end")
    play.backend.hang_up(offer.leg_id)
    play.until_ended(offer.leg_id, HangupCause.LOCAL)


@_here.scenario(Capability.INBOUND, Capability.HEADERS)
def inbound_headers(play: Play) -> None:
    """Custom headers of a call that comes in are told with the offer."""
    offer = play.offered({"X-Ticket": "4711"})
    told = {name.lower(): value for name, value in offer.headers.items()}
    play.expect(told.get("x-ticket") == "4711", f"X-Ticket is told with the offer; what came was {offer.headers}")
