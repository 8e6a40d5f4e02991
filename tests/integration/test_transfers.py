"""Whom an agent brings into his call: who hears whom afterwards, and what every screen then says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hookline.db.models import CallParty, PartyDecision
from hookline.domain.access import Grant
from hookline.errors import Conflict
from hookline.ports.telephony import Capability
from hookline.services.party_gate import PartyRefused
from hookline.services.suppression_lists import Reach
from hookline.services.transfer_targets import Target
from hookline.testing import behaviour as b
from hookline.testing.centre import Centre

CUSTOMER = "+48221234567"
OFFICE = "+48227654321"


class Floor:
    """Two agents of one campaign; Anna talks with the customer, Bert is ready."""

    def __init__(self, folder: Path) -> None:
        self.centre = Centre(folder, plugins=[])
        self.anna, self.bert = self.centre.agent("anna"), self.centre.agent("bert")
        self.campaign = self.centre.campaign([CUSTOMER], agents=[self.anna, self.bert], grant=Grant(dial_by_hand=True))
        self.transfers = self.centre.runtime.desk_calls.transfers
        self.offers = self.centre.runtime.desk_calls.offers
        self.centre.start_work(self.anna)
        self.centre.runtime.work.dial(self.centre.actor(self.anna))
        self.centre.advance(3)
        self.customer = self.centre.calls()[0].customer_leg_id

    def bert_comes(self) -> None:
        self.centre.start_work(self.bert)

    def target(self, number: str = OFFICE) -> Target:
        actor, call = self.centre.actor(self.anna), self.centre.calls()[0]
        return self.centre.runtime.desk_calls.targets.chosen(actor, call, "number", number)

    def colleague(self) -> Target:
        return Target("Bert", agent_id=self.bert)

    def party(self) -> CallParty:
        with self.centre.runtime.db.read() as session:
            return session.scalars(select(CallParty).order_by(CallParty.id.desc())).first()  # type: ignore[return-value]

    def leg(self, agent: int) -> str:
        leg_id = self.centre.session(agent).station_leg_id
        assert leg_id is not None
        return leg_id

    def hears(self, leg: str) -> set[str]:
        return set(self.centre.network.heard_by(leg))

    def state(self, agent: int) -> str:
        return self.centre.session(agent).state


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    floor = Floor(tmp_path)
    yield floor
    floor.centre.close()


def test_a_customer_is_sent_to_a_number_and_the_agent_is_free_at_once(floor: Floor) -> None:
    anna = floor.centre.actor(floor.anna)
    floor.transfers.send(anna, floor.target())
    assert floor.state(floor.anna) == "wrap_up"
    assert floor.centre.calls()[0].state == "passed"
    floor.centre.runtime.work.dispose(anna, "SUCCESS")
    floor.centre.advance(3)
    office = floor.party().leg_id
    assert (floor.hears(floor.customer), floor.hears(office)) == ({office}, {floor.customer})
    floor.centre.network.caller_hangs_up(office)
    floor.centre.settle()
    call = floor.centre.calls()[0]
    assert (call.state, call.result, call.agent_left_at is not None) == ("ended", "answered", True)
    assert (floor.party().state, floor.state(floor.anna)) == ("ended", "ready")
    assert floor.centre.record(floor.campaign, CUSTOMER).state == "done"


def test_a_customer_whom_nobody_takes_comes_back_to_his_agent(floor: Floor) -> None:
    floor.centre.network.behaves(OFFICE, b.BUSY)
    floor.transfers.send(floor.centre.actor(floor.anna), floor.target())
    floor.centre.advance(3)
    assert (floor.state(floor.anna), floor.centre.calls()[0].state) == ("on_call", "connected")
    assert floor.hears(floor.customer) == {floor.leg(floor.anna)}
    assert len(floor.centre.network.asked("start_recording")) == 2


def test_a_customer_whom_nobody_takes_is_told_so_where_his_agent_has_gone_on(floor: Floor) -> None:
    anna = floor.centre.actor(floor.anna)
    floor.centre.network.behaves(OFFICE, b.NO_ANSWER)
    floor.transfers.send(anna, floor.target())
    floor.centre.runtime.work.dispose(anna, "SUCCESS")
    floor.centre.advance(31, step=1)
    assert floor.centre.network.hears_tone(floor.customer, 425)
    floor.centre.advance(5)
    assert floor.centre.calls()[0].state == "ended"
    assert floor.state(floor.anna) == "ready"


def test_a_consultation_is_held_apart_swapped_made_a_conference_and_left(floor: Floor) -> None:
    anna, agent = floor.centre.actor(floor.anna), floor.leg(floor.anna)
    floor.transfers.consult(anna, floor.target())
    floor.centre.advance(3)
    office = floor.party().leg_id
    assert (floor.hears(agent), floor.hears(office), floor.hears(floor.customer)) == ({office}, {agent}, set())
    floor.transfers.swap(anna)
    assert (floor.hears(agent), floor.hears(office)) == ({floor.customer}, set())
    floor.transfers.swap(anna)
    assert floor.hears(floor.customer) == set()
    floor.transfers.confer(anna)
    assert floor.hears(agent) == {floor.customer, office}
    assert floor.hears(floor.customer) == {agent, office}
    floor.transfers.complete(anna)
    assert (floor.state(floor.anna), floor.hears(floor.customer)) == ("wrap_up", {office})


def test_the_customer_hears_music_while_he_waits_and_is_taken_back(floor: Floor) -> None:
    anna = floor.centre.actor(floor.anna)
    floor.transfers.consult(anna, floor.target())
    floor.centre.advance(3)
    assert [asked["command"].loop for asked in floor.centre.network.asked("play")] == [True]
    floor.transfers.cancel(anna)
    floor.centre.settle()
    assert floor.hears(floor.customer) == {floor.leg(floor.anna)}
    assert (floor.party().state, floor.centre.calls()[0].on_hold) == ("ended", False)
    with pytest.raises(Conflict, match="Nobody else is in this call"):
        floor.transfers.complete(anna)


def test_a_customer_who_hangs_up_takes_the_consultation_with_him(floor: Floor) -> None:
    floor.transfers.consult(floor.centre.actor(floor.anna), floor.target())
    floor.centre.advance(3)
    floor.centre.network.caller_hangs_up(floor.customer)
    floor.centre.settle()
    assert (floor.party().state, floor.state(floor.anna)) == ("ended", "wrap_up")
    assert not floor.hears(floor.leg(floor.anna))


def test_a_colleague_takes_the_customer_over_with_a_part_of_his_own(floor: Floor) -> None:
    floor.bert_comes()
    floor.transfers.send(floor.centre.actor(floor.anna), floor.colleague())
    assert (floor.state(floor.anna), floor.state(floor.bert)) == ("wrap_up", "ringing")
    assert floor.hears(floor.customer) == set()
    floor.offers.accept(floor.centre.actor(floor.bert))
    floor.centre.settle()
    assert floor.hears(floor.customer) == {floor.leg(floor.bert)}
    first, second = floor.centre.calls()
    assert (first.state, first.hangup_cause, second.parent_id) == ("ended", "handed_over", first.id)
    assert floor.centre.record(floor.campaign, CUSTOMER).attempts == 1
    for agent, code in ((floor.anna, "REFUSED"), (floor.bert, "SUCCESS")):
        if agent == floor.bert:
            floor.centre.runtime.calls.hang_up(floor.centre.actor(agent))
            floor.centre.settle()
        floor.centre.runtime.work.dispose(floor.centre.actor(agent), code)
    assert floor.centre.record(floor.campaign, CUSTOMER).state == "done"
    assert {floor.state(floor.anna), floor.state(floor.bert)} == {"ready"}


def test_a_colleague_who_lets_it_ring_is_paused_and_the_customer_comes_back(floor: Floor) -> None:
    floor.bert_comes()
    floor.transfers.send(floor.centre.actor(floor.anna), floor.colleague())
    floor.centre.advance(31, step=1)
    floor.centre.run_job("core.ring-the-next")
    assert (floor.state(floor.bert), floor.centre.session(floor.bert).pause_reason) == ("paused", "call_missed")
    assert floor.hears(floor.customer) == {floor.leg(floor.anna)}


def test_a_customer_who_gives_up_while_it_rings_frees_the_colleague(floor: Floor) -> None:
    floor.bert_comes()
    floor.transfers.send(floor.centre.actor(floor.anna), floor.colleague())
    floor.centre.network.caller_hangs_up(floor.customer)
    floor.centre.settle()
    assert floor.state(floor.bert) == "ready"
    assert [call.state for call in floor.centre.calls()] == ["ended", "ended"]
    assert [call.result for call in floor.centre.calls()] == ["answered", "abandoned"]


def test_a_colleague_is_asked_and_given_the_customer(floor: Floor) -> None:
    floor.bert_comes()
    anna, bert = floor.centre.actor(floor.anna), floor.leg(floor.bert)
    floor.transfers.consult(anna, floor.colleague())
    assert (floor.state(floor.bert), floor.hears(bert)) == ("on_call", {floor.leg(floor.anna)})
    floor.transfers.complete(anna)
    assert (floor.hears(floor.customer), floor.state(floor.anna)) == ({bert}, "wrap_up")
    assert floor.centre.calls()[1].agent_id == floor.bert


def test_a_colleague_who_was_asked_goes_back_to_his_work(floor: Floor) -> None:
    floor.bert_comes()
    for way in (
        lambda: floor.transfers.cancel(floor.centre.actor(floor.anna)),
        lambda: floor.transfers.leave(floor.centre.actor(floor.bert)),
    ):
        floor.transfers.consult(floor.centre.actor(floor.anna), floor.colleague())
        way()
        floor.centre.settle()
        assert (floor.state(floor.bert), floor.hears(floor.leg(floor.bert))) == ("ready", set())
        assert floor.hears(floor.customer) == {floor.leg(floor.anna)}
    conversation = floor.centre.session(floor.bert).conversation_id
    assert floor.centre.network.asked("join")[-1]["conversation_id"] == conversation


@pytest.mark.parametrize(
    ("number", "rule"),
    [("+48700123456", "premium"), ("+4930123456", "in DE"), (CUSTOMER, "suppression list")],
)
def test_a_number_that_must_not_be_called_is_no_target(floor: Floor, number: str, rule: str) -> None:
    if number == CUSTOMER:
        floor.centre.runtime.suppression.add_text(
            floor.centre.operator, number, Reach(), country="PL", reason="objection", source="letter"
        )
    with pytest.raises(PartyRefused, match=rule):
        floor.transfers.send(floor.centre.actor(floor.anna), Target("x", number=number))
    assert len(floor.centre.network.asked("place_call")) == 1
    with floor.centre.runtime.db.read() as session:
        decision = session.scalars(select(PartyDecision)).one()
    assert (decision.allowed, decision.number, decision.purpose) == (False, number, "transfer")
    assert floor.state(floor.anna) == "on_call"


def test_the_prefix_of_a_line_makes_no_emergency_call(floor: Floor) -> None:
    floor.centre.network.prefixes = ["", "0"]
    with pytest.raises(PartyRefused, match="emergency"):
        floor.transfers.consult(floor.centre.actor(floor.anna), Target("x", number="+48112"))
    floor.transfers.consult(floor.centre.actor(floor.anna), floor.target())
    with floor.centre.runtime.db.read() as session:
        decisions = session.scalars(select(PartyDecision).order_by(PartyDecision.id)).all()
    assert [d.allowed for d in decisions] == [False, True]
    assert decisions[1].dial_strings == [OFFICE, "0" + OFFICE]


def test_one_party_at_a_time(floor: Floor) -> None:
    anna = floor.centre.actor(floor.anna)
    floor.transfers.consult(anna, floor.target())
    with pytest.raises(Conflict, match="already"):
        floor.transfers.consult(anna, floor.target())


def test_ringing_is_heard_before_the_answer(floor: Floor) -> None:
    assert Capability.EARLY_MEDIA in floor.centre.network.capabilities
    floor.centre.network.behaves(OFFICE, b.ANNOUNCES)
    floor.transfers.consult(floor.centre.actor(floor.anna), floor.target())
    floor.centre.advance(1)
    assert floor.hears(floor.leg(floor.anna)) == {floor.party().leg_id}
