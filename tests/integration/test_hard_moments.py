"""Moments at which something is in the way: nobody is stuck, nothing stays locked, nothing reaches the wrong person."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from hookline.db.models import Attempt, CampaignAgent, Suppression
from hookline.domain.access import Grant
from hookline.domain.agents import AgentState
from hookline.domain.campaigns import DialMode, RecordState
from hookline.domain.dialling import DialRefused
from hookline.errors import Conflict, NotConfigured
from hookline.ports.telephony import PlaceCall
from hookline.services.gate import DialAsk
from hookline.testing.behaviour import ANSWERS_AND_HANGS_UP, BUSY, NO_ANSWER
from hookline.testing.centre import Centre

ONE, TWO, THREE = "+48221234567", "+48221234568", "+48221234569"


def open_attempts(centre: Centre) -> int:
    with centre.runtime.db.read() as session:
        return len(session.scalars(select(Attempt).where(Attempt.closed_at.is_(None))).all())


def to_wrap_up(centre: Centre, agent: int) -> None:
    centre.runtime.work.dial(centre.actor(agent))
    centre.advance(3)
    centre.runtime.calls.hang_up(centre.actor(agent))
    centre.advance(1)
    assert centre.session(agent).state == AgentState.WRAP_UP


def test_a_backend_that_breaks_while_placing_frees_agent_number_and_contact(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)

    def broken(_command: PlaceCall) -> None:
        raise RuntimeError("a bug in a backend")

    monkeypatch.setattr(centre.network, "place_call", broken)
    with pytest.raises(RuntimeError):
        centre.runtime.work.dial(centre.actor(anna))

    assert centre.session(anna).state == AgentState.READY
    assert centre.calls()[0].result == "failed"
    assert open_attempts(centre) == 0
    assert centre.record(campaign, ONE).state == RecordState.RETRY


def test_a_backend_that_is_gone_leaves_no_attempt_open(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    monkeypatch.setattr(centre.runtime.host, "backends", dict)
    with pytest.raises(NotConfigured):
        centre.runtime.work.dial(centre.actor(anna))
    assert open_attempts(centre) == 0


def test_a_decision_that_cannot_be_made_leaves_no_attempt_open(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])

    def broken(_request: object) -> list[object]:
        raise RuntimeError("the rules could not be asked")

    monkeypatch.setattr(centre.runtime.host, "dial_refusals", broken)
    with pytest.raises(RuntimeError):
        centre.runtime.gate.decide(DialAsk(centre.record(campaign, ONE).id, ONE, anna, "preview"))
    assert open_attempts(centre) == 0


def test_a_contact_that_could_not_be_presented_is_due_again(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])

    def broken(_request: object) -> list[object]:
        raise RuntimeError("the rules could not be asked")

    with monkeypatch.context() as patched:
        patched.setattr(centre.runtime.host, "dial_refusals", broken)
        centre.start_work(anna)
        assert centre.record(campaign, ONE).state == RecordState.NEW
    centre.runtime.scheduler.run_now("core.present-due-contacts")
    assert centre.session(anna).state == AgentState.RESERVED


def test_nobody_starts_anew_while_a_call_waits_for_its_disposition(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna], wrap_up_seconds=30)
    centre.start_work(anna)
    to_wrap_up(centre, anna)
    centre.advance(40, step=5)
    centre.runtime.agents.expire_wrap_ups()
    assert centre.session(anna).state == AgentState.PAUSED

    station = centre.runtime.agents.stations_for(centre.actor(anna))[0]
    with pytest.raises(Conflict):
        centre.runtime.agents.start_work(centre.actor(anna), station.id)

    assert centre.session(anna).state == AgentState.PAUSED
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS")
    assert centre.record(campaign, ONE).state == RecordState.DONE


def test_a_station_that_comes_back_does_not_take_an_undisposed_call_away(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna], wrap_up_seconds=30)
    centre.start_work(anna)
    to_wrap_up(centre, anna)
    centre.network.caller_hangs_up(centre.session(anna).station_leg_id or "")
    centre.advance(40, step=5)
    centre.runtime.agents.expire_wrap_ups()
    centre.start_work(anna)

    agent = centre.session(anna)
    assert (agent.state, agent.station_state) == (AgentState.PAUSED, "connected")
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS")
    assert centre.record(campaign, ONE).state == RecordState.DONE


def test_a_deactivated_agent_gets_no_further_contact_and_his_shift_ends(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna])
    centre.network.behaves(ONE, BUSY)
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.runtime.identity.set_active(anna, False)
    centre.advance(3)

    assert centre.session(anna).state == AgentState.READY
    assert centre.record(campaign, TWO).state == RecordState.NEW
    centre.runtime.scheduler.run_now("core.end-silent-sessions")
    centre.advance(1)
    agent = centre.session(anna)
    assert (agent.state, agent.station_state) == (AgentState.OFFLINE, "gone")


def test_the_dialler_stops_when_the_agents_browser_is_gone(centre: Centre) -> None:
    anna = centre.agent("anna")
    numbers = [f"+4822123400{n}" for n in range(9)]
    centre.campaign(numbers, agents=[anna], dial_mode=DialMode.PROGRESSIVE)
    for number in numbers:
        centre.network.behaves(number, NO_ANSWER)
    centre.start_work(anna)
    assert centre.session(anna).state == AgentState.RINGING
    for _ in range(15):
        centre.advance(10)
        centre.runtime.scheduler.run_now("core.end-silent-sessions")
    made = len(centre.calls())
    assert 0 < made < len(numbers)
    centre.advance(10)
    assert centre.session(anna).state == AgentState.OFFLINE
    assert len(centre.calls()) == made


def test_a_contact_that_is_done_stays_done_when_dialling_by_hand_is_refused(centre: Centre) -> None:
    anna, bob = centre.agent("anna"), centre.agent("bob")
    campaign = centre.campaign([ONE], agents=[anna, bob], grant=Grant(dial_by_hand=True))
    centre.start_work(anna)
    to_wrap_up(centre, anna)
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS")
    with centre.runtime.db.write() as unit:
        unit.session.add(
            Suppression(
                e164=ONE, client_id=centre.client_id, reason="asked", source="mail", created_at=centre.clock.now()
            )
        )
    with pytest.raises(DialRefused):
        centre.runtime.work.dial_by_hand(centre.actor(anna), campaign, ONE)
    centre.runtime.agents.log_out(anna)
    assert centre.record(campaign, ONE).state == RecordState.DONE

    centre.start_work(anna)
    with pytest.raises(DialRefused):
        centre.runtime.work.dial_by_hand(centre.actor(anna), campaign, ONE)
    centre.runtime.work.skip(centre.actor(anna), "refused")
    assert centre.record(campaign, ONE).state == RecordState.DONE


def test_a_shift_begun_right_after_the_last_one_has_a_station(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    centre.runtime.agents.log_out(anna)
    centre.start_work(anna)
    agent = centre.session(anna)
    assert (agent.state, agent.station_state) == (AgentState.RESERVED, "connected")


def test_the_desks_history_keeps_to_the_agents_campaigns(centre: Centre) -> None:
    anna, bob = centre.agent("anna"), centre.agent("bob")
    first = centre.campaign([ONE], agents=[bob], name="First")
    centre.start_work(bob)
    to_wrap_up(centre, bob)
    centre.runtime.work.dispose(centre.actor(bob), "SUCCESS", "between the two of us")
    second = centre.campaign([TWO], agents=[anna], name="Second", grant=Grant(dial_by_hand=True))
    centre.network.behaves(ONE, ANSWERS_AND_HANGS_UP)
    centre.start_work(anna)
    centre.runtime.work.dial_by_hand(centre.actor(anna), second, ONE)
    view = centre.runtime.desk.view(centre.actor(anna))
    assert view.record is not None
    assert view.record.campaign_id == second != first
    assert view.history == ()


def test_one_who_was_taken_off_the_campaign_dials_no_more_of_its_contacts(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    with centre.runtime.db.write() as unit:
        unit.session.delete(unit.session.get_one(CampaignAgent, (campaign, anna)))
    with pytest.raises(Conflict):
        centre.runtime.work.dial(centre.actor(anna))
    centre.runtime.work.skip(centre.actor(anna), "not mine any more")
    assert centre.session(anna).state == AgentState.READY
    assert centre.calls() == []


def test_an_old_tab_acts_on_nobody_else(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna])
    centre.start_work(anna)
    seen = centre.session(anna).campaign_contact_id
    centre.runtime.work.skip(centre.actor(anna), "busy", record_id=seen)
    with pytest.raises(Conflict):
        centre.runtime.work.skip(centre.actor(anna), "busy", record_id=seen)
    with pytest.raises(Conflict):
        centre.runtime.work.dial(centre.actor(anna), record_id=seen)
    assert centre.record(campaign, TWO).state == RecordState.RESERVED

    to_wrap_up(centre, anna)
    other = centre.session(anna).call_id
    assert other is not None
    with pytest.raises(Conflict):
        centre.runtime.work.dispose(centre.actor(anna), "SUCCESS", call_id=other + 1)
    with pytest.raises(Conflict):
        centre.runtime.calls.save_note(centre.actor(anna), "of another call", call_id=other + 1)
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS", call_id=other)
    assert centre.record(campaign, TWO).state == RecordState.DONE
