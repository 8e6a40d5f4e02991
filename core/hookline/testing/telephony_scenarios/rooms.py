"""Conversations: they last, they are lost, they do not mix, and many threads may work them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from hookline.ports.telephony import Capability, HangupCause, LegAnswered, LegEnded, NoSuchLeg
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios, refuses

_here = Scenarios()
SCENARIOS = _here.all

TALK = (Capability.STATION, Capability.PLACE, Capability.BRIDGE)


@_here.scenario(*TALK)
def station_stays_between_calls(play: Play) -> None:
    """The station's leg stays in the conversation while one customer leaves and the next comes."""
    room, agent, first = play.talk()
    play.backend.hang_up(first)
    play.until_ended(first, HangupCause.LOCAL)
    second = play.answered_call(room)
    play.backend.bridge(room, agent, second)
    play.until("the second customer hears the agent", lambda: play.hears(second, agent))
    play.until("the agent hears the second customer", lambda: play.hears(agent, second))
    play.far(second).hang_up()
    play.until_ended(second, HangupCause.NORMAL)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(agent, LegEnded), "the station's leg outlives the customers'")


@_here.scenario(*TALK)
def close_conversation(play: Play) -> None:
    """close_conversation hangs up what is left: LOCAL where answered, CANCELLED where not."""
    room = play.room()
    agent, customer = play.answered_station(room), play.call(room, "no_answer")
    play.backend.close_conversation(room)
    play.until_ended(agent, HangupCause.LOCAL)
    play.until_ended(customer, HangupCause.CANCELLED)


@_here.scenario()
def close_unknown_conversation(play: Play) -> None:
    """Closing a conversation that is not there is no error."""
    play.backend.close_conversation(play.rig.fresh_id())


@_here.scenario(Capability.STATION)
def close_twice(play: Play) -> None:
    """Closing a conversation twice is no error, and the leg ends once."""
    room = play.room()
    agent = play.answered_station(room)
    play.backend.close_conversation(room)
    play.backend.close_conversation(room)
    play.until_ended(agent, HangupCause.LOCAL)


@_here.scenario(*TALK)
def conversations_do_not_mix(play: Play) -> None:
    """Of two conversations at once, each hears its own and not the other."""
    _, agent_a, customer_a = play.talk()
    _, agent_b, customer_b = play.talk()
    for customer, own, other in ((customer_a, agent_a, agent_b), (customer_b, agent_b, agent_a)):
        play.until("the customer hears the own agent", partial(play.hears, customer, own))
        play.expect(not play.hears(customer, other), "the customer does not hear the other conversation")
        play.expect(not play.hears(other, customer), "the other conversation does not hear the customer")
    play.backend.hang_up(customer_a)
    play.until_ended(customer_a, HangupCause.LOCAL)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(customer_b, LegEnded), "the other conversation goes on")
    play.until("the other two still hear each other", lambda: play.hears(customer_b, agent_b))


@_here.scenario(*TALK)
def loss(play: Play) -> None:
    """When a conversation's cell dies all its legs end as LOST, each once; another conversation is untouched."""
    lost_room, agent, customer = play.talk()
    _, other_agent, other_customer = play.talk()
    play.rig.lose(lost_room)
    play.until_ended(agent, HangupCause.LOST)
    play.until_ended(customer, HangupCause.LOST)
    play.refused(lambda: play.backend.hang_up(customer), "a lost leg raises NoSuchLeg", NoSuchLeg)
    play.rig.let_pass(1.0)
    for leg in (other_agent, other_customer):
        play.expect(not play.events(leg, LegEnded), "a loss touches no other conversation")
    play.until("the others still hear each other", lambda: play.hears(other_customer, other_agent))


@_here.scenario(Capability.PLACE)
def loss_while_ringing(play: Play) -> None:
    """A leg that was only ringing when its cell died ends as LOST too."""
    room = play.room()
    leg = play.call(room, "no_answer")
    play.rig.let_pass(SETTLE_SECONDS)
    play.rig.lose(room)
    play.until_ended(leg, HangupCause.LOST)


@_here.scenario(Capability.STATION)
def work_goes_on_after_loss(play: Play) -> None:
    """After a loss the next conversation can be had at once."""
    lost_room = play.room()
    lost = play.answered_station(lost_room)
    play.rig.lose(lost_room)
    play.until_ended(lost, HangupCause.LOST)
    play.answered_station(play.room())


@_here.scenario(Capability.STATION, Capability.PLACE)
def many_threads(play: Play) -> None:
    """Commands from several threads at once are all carried out."""
    rooms = [play.room() for _ in range(2)]
    legs: list[str] = []

    def work(room: str, start: Callable[[str], str]) -> Callable[[], None]:
        return lambda: legs.append(start(room))

    _all_at_once(play, [work(room, start) for room in rooms for start in (play.station, play.call)])
    for leg in legs:
        play.until_answered(leg)
    play.expect(len(set(legs)) == 4, "four commands make four legs")
    _all_at_once(play, [partial(play.backend.hang_up, leg) for leg in legs])
    for leg in legs:
        play.until_ended(leg, HangupCause.LOCAL)


@_here.scenario(Capability.PLACE)
def threads_that_race(play: Play) -> None:
    """Several threads hang up the same leg: each is obeyed or told NoSuchLeg, and the leg ends once."""
    leg = play.answered_call(play.room())
    _all_at_once(play, [lambda: refuses(lambda: play.backend.hang_up(leg), NoSuchLeg)] * 4)
    play.until_ended(leg, HangupCause.LOCAL)
    play.expect(len(play.events(leg, LegAnswered)) == 1, "the leg was answered once")


def _all_at_once(play: Play, works: list[Callable[[], object]]) -> None:
    """Do every work in a thread of its own, started together; what one raises fails the scenario."""
    errors: list[Exception] = []
    together = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        together.wait()
        try:
            work()
        except Exception as error:  # handed to the thread that runs the scenario
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise play.failure(f"A command from another thread failed: {errors[0]!r}.") from errors[0]
