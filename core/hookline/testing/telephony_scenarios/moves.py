"""Legs that move: joined to another conversation, transferred, in a conference of three."""

from __future__ import annotations

from hookline.ports.telephony import Capability, HangupCause, LegAnswered, LegEnded, LegKind, LegRinging
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios

_here = Scenarios()
SCENARIOS = _here.all

TALK = (Capability.STATION, Capability.PLACE, Capability.BRIDGE)
JOINED_SECONDS = 1.0
"""How soon after its bridge a joined leg is heard: 0.5 s, and what a far side needs to be sure of what it hears."""


@_here.scenario(*TALK, Capability.JOIN)
def join(play: Play) -> None:
    """A customer who answered in another conversation joins the agent's: both hear each other at once."""
    elsewhere, room = play.room(), play.room()
    customer, agent = play.answered_call(elsewhere), play.answered_station(room)
    play.join(room, customer)
    play.backend.bridge(room, agent, customer)
    play.until("the agent hears the joined leg", lambda: play.hears(agent, customer), JOINED_SECONDS)
    play.until_heard({agent: [customer], customer: [agent]})
    play.backend.close_conversation(elsewhere)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(customer, LegEnded), "the conversation that a leg has left ends without it")
    play.far(customer).hang_up()
    ended = play.until_ended(customer, HangupCause.NORMAL)
    play.expect(ended.conversation_id == room, "events of a joined leg name the conversation it is in")
    play.expect(not play.events(agent, LegEnded), "the agent's leg stays")


@_here.scenario(*TALK, Capability.JOIN)
def join_out_of_a_talk(play: Play) -> None:
    """A customer who is handed to another agent is heard by that one, and by the first no more."""
    _, first, customer = play.talk()
    other_room = play.room()
    second = play.answered_station(other_room)
    play.join(other_room, customer)
    play.backend.bridge(other_room, second, customer)
    play.until_heard({second: [customer], customer: [second], first: []})
    play.expect(not play.events(first, LegEnded), "the first agent's leg stays")


def _consulted(play: Play) -> tuple[str, str, str, str]:
    room, agent, customer = play.talk()
    target = play.answered_call(room, kind=LegKind.CONSULT)
    return room, agent, customer, target


@_here.scenario(*TALK, Capability.TRANSFER)
def transfer(play: Play) -> None:
    """Transferred to an answered target, the customer talks on without the agent; the target's end is his."""
    room, agent, customer, target = _consulted(play)
    new_room = play.transfer(room, customer, target)
    play.until_heard({customer: [target], target: [customer], agent: []})
    play.expect(not play.events(agent, LegEnded), "the agent's leg stays")
    play.far(target).hang_up()
    play.until_ended(target, HangupCause.NORMAL)
    ended = play.until_ended(customer, HangupCause.LOCAL)
    play.expect(ended.conversation_id == new_room, "events of a transferred leg name its new conversation")
    after = play.answered_call(room)
    play.backend.bridge(room, agent, after)
    play.until_heard({agent: [after], after: [agent]})


@_here.scenario(*TALK, Capability.TRANSFER)
def transfer_ended_by_the_customer(play: Play) -> None:
    """When the transferred customer hangs up, the target is hung up; the agent's conversation may be gone by then."""
    room, agent, customer, target = _consulted(play)
    play.transfer(room, customer, target)
    play.backend.close_conversation(room)
    play.until_ended(agent, HangupCause.LOCAL)
    play.until_heard({customer: [target], target: [customer]})
    play.far(customer).hang_up()
    play.until_ended(customer, HangupCause.NORMAL)
    play.until_ended(target, HangupCause.LOCAL)


def _ringing_target(play: Play, behaviour: str, seconds: float) -> tuple[str, str, str, str]:
    room, agent, customer = play.talk()
    target = play.call(room, behaviour, seconds, kind=LegKind.CONSULT)
    play.until("LegRinging comes", lambda: bool(play.events(target, LegRinging)))
    return room, agent, customer, target


@_here.scenario(*TALK, Capability.TRANSFER)
def transfer_while_ringing(play: Play) -> None:
    """Transferred to a target that still rings, the two are bridged when it answers."""
    room, agent, customer, target = _ringing_target(play, "answers_late", 20.0)
    play.transfer(room, customer, target)
    play.expect(not play.events(target, LegAnswered), "the target still rings when the customer is transferred")
    play.until_answered(target)
    play.until_heard({customer: [target], target: [customer], agent: []})
    play.far(target).hang_up()
    play.until_ended(customer, HangupCause.LOCAL)


@_here.scenario(*TALK, Capability.TRANSFER, Capability.JOIN)
def transfer_unanswered(play: Play) -> None:
    """A target that does not answer leaves the customer, who can be taken back to the agent."""
    room, agent, customer, target = _ringing_target(play, "no_answer", 2.0)
    play.transfer(room, customer, target)
    play.until_ended(target, HangupCause.NO_ANSWER)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(customer, LegEnded), "an unanswered transfer leaves the customer on the line")
    play.join(room, customer)
    play.backend.bridge(room, agent, customer)
    play.until_heard({customer: [agent], agent: [customer]})


@_here.scenario(*TALK, Capability.TRANSFER)
def transfer_given_up(play: Play) -> None:
    """When the customer hangs up while the target still rings, the target is hung up: CANCELLED."""
    room, _, customer, target = _ringing_target(play, "no_answer", 20.0)
    play.transfer(room, customer, target)
    play.far(customer).hang_up()
    play.until_ended(customer, HangupCause.NORMAL)
    play.until_ended(target, HangupCause.CANCELLED)


@_here.scenario(*TALK, Capability.TRANSFER, Capability.RECORD)
def transfer_closes_the_recording(play: Play) -> None:
    """The customer's recording closes when he is transferred, and he stays."""
    room, _, customer, target = _consulted(play)
    recording_id, _ = play.record(room, customer)
    play.rig.let_pass(1.0)
    play.transfer(room, customer, target)
    finished = play.until_recorded(customer, recording_id)
    play.expect(finished.complete, "a recording that a transfer closed is complete")
    play.expect(not play.events(customer, LegEnded), "the transferred customer stays")


@_here.scenario(*TALK)
def conference(play: Play) -> None:
    """Three pairs are a conference: each hears the others; when one leaves the other two talk on."""
    room, agent, customer, target = _consulted(play)
    play.until_heard({target: [], customer: [agent], agent: [customer]})
    play.backend.bridge(room, agent, target)
    play.backend.bridge(room, customer, target)
    play.until_heard({agent: [customer, target], customer: [agent, target], target: [agent, customer]})
    play.far(target).hang_up()
    play.until_ended(target, HangupCause.NORMAL)
    play.until_heard({agent: [customer], customer: [agent]})


@_here.scenario(*TALK, Capability.HOLD)
def consultation(play: Play) -> None:
    """While the customer is held, agent and target talk and the customer hears neither; then the other way round."""
    room, agent, customer, target = _consulted(play)
    play.backend.hold(customer, True)
    play.backend.bridge(room, agent, target)
    play.until_heard({agent: [target], target: [agent], customer: []})
    play.backend.hold(target, True)
    play.backend.hold(customer, False)
    play.until_heard({agent: [customer], customer: [agent], target: []})
