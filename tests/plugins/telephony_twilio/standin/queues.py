"""Queues of callers who wait (Enqueue)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.plugins.telephony_twilio.standin.program import Program
from tests.plugins.telephony_twilio.standin.twiml import Verb
from tests.plugins.telephony_twilio.standin.world import Webhook, World

if TYPE_CHECKING:
    from tests.plugins.telephony_twilio.standin.accounts import Account
    from tests.plugins.telephony_twilio.standin.calls import Call


@dataclass(eq=False)
class Place:
    """One caller's place in a queue, and the TwiML that runs meanwhile."""

    queue: Queue
    call: Call
    verb: Verb

    def __post_init__(self) -> None:
        """Begin to wait."""
        self.since = self.queue.world.now()
        self.waiting = Program(self.call, loops=True, more=self.words)

    def words(self) -> dict[str, str]:
        """What requests of the waiting TwiML say besides."""
        return {
            "QueueSid": self.queue.sid,
            "QueuePosition": str(self.queue.position(self)),
            "QueueTime": str(round(self.queue.world.seconds_since(self.since))),
            "AvgQueueTime": "0",
            "CurrentQueueSize": str(len(self.queue.places)),
            "MaxQueueSize": "100",
        }


@dataclass(eq=False)
class Queue:
    """A queue of an account."""

    world: World
    account: Account
    name: str
    places: list[Place] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take an id and be known."""
        self.sid = self.world.sid("QU")
        self.created_at = self.world.now()
        self.world.queues[self.sid] = self

    def position(self, place: Place) -> int:
        """Where in the queue; the first is 1."""
        return self.places.index(place) + 1 if place in self.places else 0

    def remove(self, place: Place, why: str) -> None:
        """Take a caller out: he hung up, was redirected, or asked to leave (then his action is fetched)."""
        if place not in self.places:
            return
        words = {"QueueResult": why, "QueueSid": self.sid}
        words["QueueTime"] = str(round(self.world.seconds_since(place.since)))
        self.places.remove(place)
        place.waiting.interrupt()
        place.call.place = None
        if why == "leave" and not place.call.program.act(place.verb, words):
            place.call.program.next()


def enter(program: Program, verb: Verb) -> None:
    """What Enqueue says: wait in the queue, which is made where it is not there."""
    call = program.call
    world, name = call.world, verb.text
    found = [queue for queue in world.queues.values() if queue.account is call.account and queue.name == name]
    queue = found[0] if found else Queue(world, call.account, name)
    place = Place(queue, call, verb)
    queue.places.append(place)
    call.place = place
    address = verb.attributes.get("waitUrl", "")
    if address:
        place.waiting.start(Webhook(program.resolved(address), verb.attributes.get("waitUrlMethod", "POST")))
