"""Calls that come in, and the moments in which a call must survive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from hookline.db.models import AgentSession, Call, Contact, User
from hookline.domain.dialling import DialRefused
from hookline.ports.telephony import StationKind
from hookline.services.campaign_lines import CampaignTelephones
from hookline.testing import behaviour as b
from hookline.testing.centre import Centre

CALLER = "+48601234567"


class Hotline:
    """Anna and Bert serve an inbound campaign; nobody is on its lists."""

    def __init__(self, folder: Path) -> None:
        self.centre = Centre(folder, plugins=[])
        self.anna, self.bert = self.centre.agent("anna"), self.centre.agent("bert")
        self.campaign = self.centre.campaign([], agents=[self.anna, self.bert], name="Hotline", running=False)
        self.centre.runtime.desk_calls.campaign_lines.set(
            self.centre.operator, self.campaign, CampaignTelephones("inbound", "line")
        )
        self.centre.runtime.campaigns.start(self.centre.operator, self.campaign)
        self.offers = self.centre.runtime.desk_calls.offers

    def rings(self, number: str = CALLER, **more: object) -> Call:
        self.centre.network.calls_in(number, **more)  # type: ignore[arg-type]
        self.centre.settle()
        return self.call()

    def call(self) -> Call:
        return self.centre.calls()[-1]

    def at(self, agent: int) -> AgentSession:
        return self.centre.session(agent)

    def hears(self, agent: int) -> set[str]:
        return set(self.centre.network.heard_by(self.at(agent).station_leg_id or ""))


@pytest.fixture
def hotline(tmp_path: Path) -> Iterator[Hotline]:
    hotline = Hotline(tmp_path)
    yield hotline
    hotline.centre.close()


def test_the_longest_ready_agent_takes_the_caller_and_says_what_came_of_it(hotline: Hotline) -> None:
    hotline.centre.start_work(hotline.anna)
    hotline.centre.advance(5)
    hotline.centre.start_work(hotline.bert)
    call = hotline.rings(headers={"X-Ticket": "4711"})
    assert (hotline.at(hotline.anna).state, hotline.at(hotline.bert).state) == ("ringing", "ready")
    assert (call.direction, call.number, call.headers, call.agent_id) == (
        "inbound",
        CALLER,
        {"X-Ticket": "4711"},
        hotline.anna,
    )
    assert hotline.centre.network.hears_tone(hotline.at(hotline.anna).station_leg_id or "", 425)
    hotline.offers.accept(hotline.centre.actor(hotline.anna))
    hotline.centre.settle()
    assert (hotline.at(hotline.anna).state, hotline.call().state) == ("on_call", "connected")
    assert hotline.hears(hotline.anna) == {call.customer_leg_id}
    hotline.centre.advance(4)
    hotline.centre.network.caller_hangs_up(call.customer_leg_id)
    hotline.centre.settle()
    hotline.centre.runtime.work.dispose(hotline.centre.actor(hotline.anna), "SUCCESS")
    assert (hotline.call().result, hotline.at(hotline.anna).state) == ("answered", "ready")
    assert hotline.centre.record(hotline.campaign, CALLER).state == "done"


def test_a_known_caller_is_shown_and_a_strange_one_becomes_a_contact(hotline: Hotline) -> None:
    known = hotline.centre.contact(CALLER)
    hotline.centre.start_work(hotline.anna)
    assert hotline.rings().contact_id == known
    hotline.centre.network.caller_hangs_up(hotline.call().customer_leg_id)
    hotline.centre.settle()
    for number in ("+48609999999", ""):
        stranger = hotline.rings(number)
        with hotline.centre.runtime.db.read() as session:
            numbers = [n.e164 for n in session.get_one(Contact, stranger.contact_id).numbers]
        assert numbers == ([number] if number else [])
        assert hotline.centre.runtime.desk.view(hotline.centre.actor(hotline.anna)).contact is not None
        hotline.centre.network.caller_hangs_up(stranger.customer_leg_id)
        hotline.centre.settle()


def test_a_caller_who_gives_up_is_abandoned_and_frees_the_agent(hotline: Hotline) -> None:
    hotline.centre.start_work(hotline.anna)
    call = hotline.rings()
    hotline.centre.network.caller_hangs_up(call.customer_leg_id)
    hotline.centre.settle()
    assert (hotline.call().result, hotline.at(hotline.anna).state) == ("abandoned", "ready")
    assert not hotline.centre.network.hears_tone(hotline.at(hotline.anna).station_leg_id or "", 425)
    assert hotline.centre.record(hotline.campaign, CALLER).state == "done", "nobody is called for it unasked"


def test_a_call_that_one_lets_ring_goes_to_the_next(hotline: Hotline) -> None:
    hotline.centre.start_work(hotline.anna)
    hotline.centre.advance(1)
    hotline.centre.start_work(hotline.bert)
    hotline.rings()
    hotline.centre.advance(31, step=5)
    hotline.centre.run_job("core.ring-the-next")
    assert (hotline.at(hotline.anna).state, hotline.at(hotline.bert).state) == ("paused", "ringing")
    hotline.offers.decline(hotline.centre.actor(hotline.bert))
    hotline.centre.advance(1)
    assert hotline.centre.network.hears_tone(hotline.call().customer_leg_id, 425), "nobody is left: a message"
    hotline.centre.advance(5)
    assert (hotline.call().state, hotline.call().result) == ("ended", "no_answer")


def test_without_a_campaign_or_an_agent_the_caller_is_not_kept_waiting(hotline: Hotline) -> None:
    hotline.rings()
    hotline.centre.advance(6)
    assert (hotline.call().result, hotline.call().agent_id) == ("no_answer", None)
    hotline.centre.runtime.campaigns.pause(hotline.centre.operator, hotline.campaign)
    leg = hotline.centre.network.calls_in(CALLER)
    hotline.centre.settle()
    assert hotline.centre.network.asked("hang_up")[-1] == {"leg_id": leg}


def test_a_station_that_goes_while_it_rings_hands_the_caller_on(hotline: Hotline) -> None:
    for agent in (hotline.anna, hotline.bert):
        hotline.centre.start_work(agent)
    hotline.rings()
    hotline.centre.network.caller_hangs_up(hotline.at(hotline.anna).station_leg_id or "")
    hotline.centre.settle()
    assert (hotline.at(hotline.anna).state, hotline.at(hotline.bert).state) == ("paused", "ringing")


def _in_browser(hotline: Hotline) -> Call:
    actor = hotline.centre.actor(hotline.anna)
    hotline.centre.runtime.agents.start_work(actor, None)
    hotline.centre.network.browser_message(hotline.at(hotline.anna).station_leg_id or "", {})
    hotline.centre.settle()
    call = hotline.rings()
    hotline.offers.accept(actor)
    hotline.centre.settle()
    return call


def test_while_the_agents_browser_is_away_the_customer_hears_music(hotline: Hotline) -> None:
    call = _in_browser(hotline)
    assert hotline.at(hotline.anna).station_kind == StationKind.BROWSER
    station = hotline.at(hotline.anna).station_leg_id or ""
    hotline.centre.network.lose_browser(station)
    hotline.centre.advance(20, step=5)
    assert (hotline.at(hotline.anna).station_state, hotline.call().state) == ("lost", "connected")
    assert hotline.centre.network.asked("play")[-1]["command"].loop
    hotline.centre.network.browser_message(station, {})
    hotline.centre.settle()
    assert hotline.hears(hotline.anna) == {call.customer_leg_id}
    assert hotline.centre.network.asked("stop_play")


def test_a_customer_who_hangs_up_meanwhile_is_found_gone(hotline: Hotline) -> None:
    call = _in_browser(hotline)
    station = hotline.at(hotline.anna).station_leg_id or ""
    hotline.centre.network.lose_browser(station)
    hotline.centre.settle()
    hotline.centre.network.caller_hangs_up(call.customer_leg_id)
    hotline.centre.settle()
    hotline.centre.network.browser_message(station, {})
    hotline.centre.settle()
    desk = hotline.centre.runtime.desk.view(hotline.centre.actor(hotline.anna))
    assert (desk.in_call, desk.awaits_disposition, hotline.call().hangup_cause) == (False, True, "normal")


def test_an_agent_who_is_deactivated_hands_his_call_over(hotline: Hotline) -> None:
    for agent in (hotline.anna, hotline.bert):
        hotline.centre.start_work(agent)
    call = hotline.rings()
    hotline.offers.accept(hotline.centre.actor(hotline.anna))
    hotline.centre.settle()
    with hotline.centre.runtime.db.write() as unit:
        unit.session.execute(update(User).where(User.id == hotline.anna).values(active=False))
    hotline.centre.run_job("core.end-silent-sessions")
    hotline.offers.accept(hotline.centre.actor(hotline.bert))
    hotline.centre.settle()
    assert hotline.hears(hotline.bert) == {call.customer_leg_id}
    hotline.centre.run_job("core.end-silent-sessions")
    assert hotline.at(hotline.anna).state == "offline"


def test_the_last_agent_who_is_deactivated_bids_farewell(hotline: Hotline) -> None:
    hotline.centre.start_work(hotline.anna)
    call = hotline.rings()
    hotline.offers.accept(hotline.centre.actor(hotline.anna))
    hotline.centre.settle()
    with hotline.centre.runtime.db.write() as unit:
        unit.session.execute(update(User).where(User.id == hotline.anna).values(active=False))
    hotline.centre.run_job("core.end-silent-sessions")
    assert hotline.hears(hotline.anna) == set()
    assert hotline.centre.network.hears_tone(call.customer_leg_id, 425)
    hotline.centre.advance(6)
    assert hotline.call().state == "ended"


def test_a_stop_takes_no_new_calls_and_lets_running_ones_end(hotline: Hotline) -> None:
    hotline.centre.network.behaves("+48221112222", b.ANSWERS)
    outbound = hotline.centre.campaign(["+48221112222"], agents=[hotline.bert], name="Outbound")
    hotline.centre.start_work(hotline.anna)
    hotline.centre.start_work(hotline.bert, outbound)
    hotline.rings()
    hotline.offers.accept(hotline.centre.actor(hotline.anna))
    hotline.centre.settle()
    draining = hotline.centre.runtime.desk_calls.draining
    draining.close()
    with pytest.raises(DialRefused, match="stopped"):
        hotline.centre.runtime.work.dial(hotline.centre.actor(hotline.bert))
    leg = hotline.centre.network.calls_in("+48601111111")
    hotline.centre.settle()
    assert hotline.centre.network.asked("hang_up")[-1] == {"leg_id": leg}
    assert (draining.running(), draining.farewell()) == (1, 1)
    hotline.centre.advance(6)
    assert draining.run(0) == 0
