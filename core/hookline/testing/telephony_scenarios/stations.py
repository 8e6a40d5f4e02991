"""Stations that are no SIP phones: any telephone number, and the browser."""

from __future__ import annotations

from hookline.ports.telephony import (
    Capability,
    HangupCause,
    LegAnswered,
    LegEnded,
    LegKind,
    StationBack,
    StationKind,
    StationLost,
    SupervisionMode,
)
from hookline.testing.telephony_play import SETTLE_SECONDS, Play
from hookline.testing.telephony_scenario import Scenarios

_here = Scenarios()
SCENARIOS = _here.all

TALK = (Capability.PLACE, Capability.BRIDGE)
SHORT_SECONDS = 2.0
"""For how long a browser may be gone where it does not come back."""


@_here.scenario(*TALK, Capability.NUMBER_STATION)
def number_station(play: Play) -> None:
    """An agent's own telephone is called, answers, and stays as a station between calls."""
    room = play.room()
    agent = play.station(room, station=StationKind.NUMBER)
    play.until_answered(agent)
    customer = play.answered_call(room)
    play.backend.bridge(room, agent, customer)
    play.until_heard({agent: [customer], customer: [agent]})
    play.backend.hang_up(customer)
    play.until_ended(customer, HangupCause.LOCAL)
    play.expect(not play.events(agent, LegEnded), "the station's leg outlives the customer's")


@_here.scenario(Capability.NUMBER_STATION)
def number_station_declines(play: Play) -> None:
    """An agent's telephone that declines ends as DECLINED."""
    play.until_ended(play.station(play.room(), "declines", station=StationKind.NUMBER), HangupCause.DECLINED)


def _in_browser(play: Play, room: str, seconds: float = 20.0, kind: LegKind = LegKind.AGENT) -> str:
    leg = play.station(room, station=StationKind.BROWSER, ring_timeout_seconds=seconds, kind=kind)
    play.open_browser(leg)
    play.until_answered(leg)
    return leg


@_here.scenario(*TALK, Capability.BROWSER_STATION)
def browser_station(play: Play) -> None:
    """A browser takes up its leg, talks with one customer, and stays for the next."""
    room = play.room()
    agent = play.station(room, station=StationKind.BROWSER)
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.events(agent, LegAnswered), "a browser that has not spoken has not answered")
    play.open_browser(agent)
    play.until_answered(agent)
    for _ in range(2):
        customer = play.answered_call(room)
        play.backend.bridge(room, agent, customer)
        play.until_heard({agent: [customer], customer: [agent]})
        play.backend.hang_up(customer)
        play.until_ended(customer, HangupCause.LOCAL)
    play.expect(not play.events(agent, LegEnded), "the browser's leg stays between calls")


@_here.scenario(*TALK, Capability.BROWSER_STATION)
def browser_comes_back(play: Play) -> None:
    """A browser that vanishes is told of; the customer stays; when it is back they talk on, without a new answer."""
    room = play.room()
    agent = _in_browser(play, room)
    customer = play.answered_call(room)
    play.backend.bridge(room, agent, customer)
    play.until_heard({agent: [customer], customer: [agent]})
    play.rig.lose_browser(agent)
    play.until("StationLost comes", lambda: bool(play.events(agent, StationLost)))
    play.until("the customer does not hear the agent", lambda: not play.hears(customer, agent))
    play.rig.let_pass(SETTLE_SECONDS)
    play.expect(not play.hears(customer, agent), "nothing is heard of a browser that is gone")
    play.open_browser(agent)
    play.until("StationBack comes", lambda: bool(play.events(agent, StationBack)))
    play.until_heard({agent: [customer], customer: [agent]})
    for leg in (agent, customer):
        play.expect(not play.events(leg, LegEnded), "both legs outlive the loss")


@_here.scenario(Capability.BROWSER_STATION, *TALK)
def browser_reloads(play: Play) -> None:
    """A browser that comes back before its loss was noticed takes the leg up again all the same."""
    room = play.room()
    agent = _in_browser(play, room)
    customer = play.answered_call(room)
    play.backend.bridge(room, agent, customer)
    play.rig.lose_browser(agent)
    play.open_browser(agent)
    play.until_heard({agent: [customer], customer: [agent]})
    play.expect(len(play.events(agent, LegAnswered)) == 1, "a browser that comes back answers no second time")


@_here.scenario(Capability.BROWSER_STATION, *TALK)
def browser_stays_away(play: Play) -> None:
    """A browser that does not come back in time ends as LOST; the customer stays."""
    room = play.room()
    agent = _in_browser(play, room, SHORT_SECONDS)
    customer = play.answered_call(room)
    play.rig.lose_browser(agent)
    play.until_ended(agent, HangupCause.LOST)
    play.expect(bool(play.events(agent, StationLost)), "StationLost is told before a browser's leg ends as LOST")
    play.expect(not play.events(customer, LegEnded), "the customer's leg stays")


@_here.scenario(Capability.BROWSER_STATION)
def browser_never_comes(play: Play) -> None:
    """A browser that never speaks ends as NO_ANSWER, and then cannot be taken up."""
    leg = play.station(play.room(), station=StationKind.BROWSER, ring_timeout_seconds=SHORT_SECONDS)
    play.until_ended(leg, HangupCause.NO_ANSWER)
    play.refused(lambda: play.backend.browser_message(leg, {}), "a leg that has ended cannot be taken up")


@_here.scenario(Capability.BROWSER_STATION, Capability.SUPERVISE, *TALK)
def browser_supervises(play: Play) -> None:
    """A supervisor in a browser whispers to an agent in a browser; the customer hears nothing of it."""
    room = play.room()
    agent = _in_browser(play, room)
    supervisor = _in_browser(play, room, kind=LegKind.SUPERVISOR)
    customer = play.answered_call(room)
    play.backend.bridge(room, agent, customer)
    play.backend.supervise(supervisor, SupervisionMode.WHISPER)
    play.until_heard({supervisor: [agent, customer], agent: [customer, supervisor], customer: [agent]})
