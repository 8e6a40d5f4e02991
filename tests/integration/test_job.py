"""The main job on the real services and a simulated network: present, dial, talk, dispose, retry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from hookline.db.models import Recording, Suppression
from hookline.domain.agents import AgentState
from hookline.domain.campaigns import RecordState
from hookline.domain.dialling import AttemptOpen, DialRefused
from hookline.services.gate import DialAsk
from hookline.services.revocation import revoke_open_attempts
from hookline.testing.behaviour import ANSWERS_AND_HANGS_UP, BUSY, INVALID, NO_ANSWER
from hookline.testing.centre import Centre

ONE, TWO = "+48221234567", "+48221234568"


def test_an_answered_call_is_bridged_recorded_disposed_and_done(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    assert centre.session(anna).state == AgentState.RESERVED

    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    assert centre.session(anna).state == AgentState.ON_CALL
    call = centre.calls()[0]
    assert call.state == "connected"
    assert call.caller_id == "+48221000000"

    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(1)
    assert centre.session(anna).state == AgentState.WRAP_UP
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS", "wants the offer")

    record = centre.record(campaign, ONE)
    assert record.state == RecordState.DONE
    assert centre.session(anna).state == AgentState.READY
    with centre.runtime.db.read() as session:
        recording = session.scalars(select(Recording)).one()
    assert recording.state == "stored"
    assert recording.sha256
    assert centre.calls()[0].note == "wants the offer"


def test_a_busy_number_is_retried_by_the_campaigns_rule(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.network.behaves(ONE, BUSY)
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)

    record = centre.record(campaign, ONE)
    assert centre.calls()[0].result == "busy"
    assert record.state == RecordState.RETRY
    assert record.next_due_at is not None
    assert timedelta(seconds=590) < record.next_due_at - centre.clock.now() <= timedelta(seconds=600)
    assert centre.session(anna).state == AgentState.READY

    centre.advance(600, step=30)
    centre.runtime.scheduler.run_now("core.present-due-contacts")
    assert centre.session(anna).state == AgentState.RESERVED


def test_no_answer_ends_at_the_ring_timeout(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna], ring_timeout_seconds=20)
    centre.network.behaves(ONE, NO_ANSWER)
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(19)
    assert centre.calls()[0].state == "ringing"
    centre.advance(2)
    assert centre.calls()[0].result == "no_answer"


def test_an_invalid_number_is_marked_and_the_record_done(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.network.behaves(ONE, INVALID)
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    assert centre.record(campaign, ONE).state == RecordState.DONE


def test_a_suppressed_contact_is_put_aside_with_the_reason_and_explained(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna])
    with centre.runtime.db.write() as unit:
        unit.session.add(
            Suppression(e164=ONE, reason="asked", source="letter", created_at=centre.clock.now(), client_id=None)
        )
    centre.start_work(anna)
    assert centre.session(anna).campaign_contact_id == centre.record(campaign, TWO).id
    contact_id = centre.record(campaign, ONE).contact_id
    told = centre.runtime.explain.explain(centre.operator.scope, campaign, contact_id)
    assert [r.rule for r in told.now[0].refusals] == ["core.suppressed"]
    assert "suppression list" in told.last_note


def test_a_withdrawal_between_decision_and_dial_wins(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    record = centre.record(campaign, ONE)
    decision = centre.runtime.gate.decide(DialAsk(record.id, ONE, anna, "preview"))
    assert decision.allowed
    with centre.runtime.db.write() as unit:
        revoke_open_attempts(unit, contact_id=record.contact_id, because="objection")
    with pytest.raises(DialRefused, match="objection"):
        centre.runtime.placer.place(_working(centre, anna), record.id, decision)
    assert centre.calls() == []


def test_a_decision_expires(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    record = centre.record(campaign, ONE)
    centre.start_work(anna)
    decision = centre.runtime.gate.decide(DialAsk(record.id, ONE, anna, "preview"))
    centre.advance(6)
    with pytest.raises(DialRefused, match="expired"):
        centre.runtime.placer.place(centre.session(anna), record.id, decision)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    assert len(centre.calls()) == 1


def test_two_clicks_at_the_same_moment_give_one_call(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    record = centre.record(campaign, ONE)
    centre.runtime.gate.decide(DialAsk(record.id, ONE, anna, "preview"))
    with pytest.raises(AttemptOpen):
        centre.runtime.gate.decide(DialAsk(record.id, ONE, anna, "preview"))


def test_a_lost_conversation_frees_the_agent_and_keeps_the_record(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    conversation = centre.session(anna).conversation_id
    assert conversation is not None
    centre.network.lose_conversation(conversation)
    centre.settle()
    assert centre.session(anna).state == AgentState.WRAP_UP
    assert centre.session(anna).station_state == "gone"
    assert centre.calls()[0].hangup_cause == "lost"
    centre.runtime.work.dispose(centre.actor(anna), "LATER")
    assert centre.record(campaign, ONE).state == RecordState.RETRY


def test_a_browser_that_is_gone_sets_the_agent_offline_after_the_grace_time(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    centre.advance(50, step=10)
    centre.runtime.scheduler.run_now("core.end-silent-sessions")
    assert centre.session(anna).state == AgentState.RESERVED
    centre.advance(20, step=10)
    centre.runtime.scheduler.run_now("core.end-silent-sessions")
    centre.settle()
    assert centre.session(anna).state == AgentState.OFFLINE
    assert centre.session(anna).station_state == "gone"
    assert centre.record(campaign, ONE).state == RecordState.NEW


def test_wrap_up_has_a_limit_and_the_disposition_is_not_lost(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna], wrap_up_seconds=30)
    centre.network.behaves(ONE, ANSWERS_AND_HANGS_UP)
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(8)
    assert centre.session(anna).state == AgentState.WRAP_UP
    centre.advance(31, step=5)
    centre.runtime.scheduler.run_now("core.expire-wrap-ups")
    assert centre.session(anna).state == AgentState.PAUSED
    centre.runtime.work.dispose(centre.actor(anna), "REFUSED")
    assert centre.record(campaign, ONE).state == RecordState.DONE
    centre.runtime.agents.go_ready(centre.actor(anna))
    assert centre.session(anna).state == AgentState.READY


def test_a_pause_asked_for_in_a_call_comes_after_it(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE, TWO], agents=[anna])
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    centre.runtime.agents.pause(centre.actor(anna), "lunch")
    assert centre.session(anna).state == AgentState.ON_CALL
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(1)
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS")
    assert centre.session(anna).state == AgentState.PAUSED
    assert centre.session(anna).pause_reason == "lunch"


def test_do_not_call_suppresses_the_number_for_the_client(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(1)
    centre.runtime.work.dispose(centre.actor(anna), "DNC")
    with centre.runtime.db.read() as session:
        entry = session.scalars(select(Suppression)).one()
    assert (entry.e164, entry.client_id) == (ONE, centre.client_id)
    assert centre.record(campaign, ONE).state == RecordState.DONE


def test_after_a_crash_nothing_is_stuck(centre: Centre) -> None:
    anna, piotr = centre.agent("anna"), centre.agent("piotr")
    campaign = centre.campaign([ONE, TWO], agents=[anna, piotr])
    centre.start_work(anna)
    centre.start_work(piotr)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)

    from hookline.services.reconcile import reconcile

    reconcile(centre.runtime.db)
    assert centre.session(anna).state == AgentState.WRAP_UP
    assert centre.session(piotr).state == AgentState.PAUSED
    assert centre.calls()[0].hangup_cause == "lost"
    assert centre.record(campaign, TWO).state == RecordState.NEW
    centre.runtime.work.dispose(centre.actor(anna), "LATER")
    centre.start_work(anna)
    assert centre.session(anna).state == AgentState.RESERVED


def _working(centre: Centre, user_id: int):  # type: ignore[no-untyped-def]
    centre.start_work(user_id)
    return centre.session(user_id)


def test_a_newer_view_of_the_desk_has_a_higher_version(centre: Centre) -> None:
    """The page drops an answer that was read before the one it shows; else it would flicker back in time."""
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    versions = [centre.runtime.desk.view(centre.actor(anna)).version]
    centre.start_work(anna)
    versions.append(centre.runtime.desk.view(centre.actor(anna)).version)
    centre.runtime.work.dial(centre.actor(anna))
    versions.append(centre.runtime.desk.view(centre.actor(anna)).version)
    assert versions == sorted(set(versions))
