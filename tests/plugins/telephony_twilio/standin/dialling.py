"""Dial with Number, Sip or Client: another call, connected with this one when it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plugins.telephony_twilio.standin import calls
from tests.plugins.telephony_twilio.standin.people import Person
from tests.plugins.telephony_twilio.standin.twiml import Verb
from tests.plugins.telephony_twilio.standin.world import Webhook

if TYPE_CHECKING:
    from tests.plugins.telephony_twilio.standin.calls import Call
    from tests.plugins.telephony_twilio.standin.program import Program


def call_others(program: Program, dial: Verb) -> None:
    """Call everybody whom Dial names; the first who answers is connected, the others are given up."""
    parent, verbs = program.call, dial.children or (Verb("Number", {}, dial.text),)
    timeout = dial.number("timeout", 30)
    children = [_child(parent, verb, dial.attributes.get("callerId", parent.from_), timeout) for verb in verbs]
    for child in children:
        child.dial()


def _child(parent: Call, verb: Verb, caller_id: str, timeout: float) -> Call:
    to = f"client:{_identity(verb)}" if verb.name == "Client" else verb.text
    events = frozenset(verb.attributes.get("statusCallbackEvent", "completed").split())
    world = parent.world
    return calls.DialledCall(
        world,
        parent.account,
        to,
        caller_id,
        "outbound-dial",
        Person(world.pitch(to), world.behaviour(to)),
        callback=Webhook(verb.attributes.get("statusCallback", ""), "POST", events),
        timeout=timeout,
        parent=parent,
    )


def _identity(verb: Verb) -> str:
    return next((child.text for child in verb.children if child.name == "Identity"), verb.text)


def leave(call: Call) -> None:
    """Out of what Dial has brought the call into."""
    if call.participant is not None:
        room = call.participant.conference
        room.leave(call.participant)
        call.program.dialled(None)
    elif call.peer is not None:
        call.peer.end("completed", 200)
