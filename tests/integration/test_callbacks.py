"""Callbacks: promised at the contact's own time, presented first when due, to the one who promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from hookline.db.models import Contact, OutboxEvent
from hookline.domain.access import Grant, Role
from hookline.domain.agents import AgentState
from hookline.domain.callbacks import CallbackWish, moment_of
from hookline.domain.campaigns import RecordState
from hookline.errors import InvalidInput, NotFound
from hookline.testing.behaviour import ANSWERS_AND_HANGS_UP, BUSY
from hookline.testing.centre import Centre

ONE, TWO = "+48221234567", "+48221234568"
TOMORROW = datetime(2025, 3, 4, 14, 30)


def _talk(centre: Centre, agent: int) -> None:
    centre.runtime.work.dial(centre.actor(agent))
    centre.advance(6)
    assert centre.session(agent).state == AgentState.WRAP_UP


def _promise(centre: Centre, agent: int, *, personal: bool, wall: datetime = TOMORROW) -> None:
    centre.network.behaves(ONE, ANSWERS_AND_HANGS_UP)
    _talk(centre, agent)
    centre.runtime.work.dispose(centre.actor(agent), "CALLBACK", "wants numbers", CallbackWish(wall, personal))
    centre.settle()


def _listed(centre: Centre, user_id: int) -> list[str]:
    begin, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    return [
        line.callback.wall_time for line in centre.runtime.callbacks.list_between(centre.actor(user_id), begin, end)
    ]


def test_a_promise_is_kept_at_the_contacts_own_time(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    _promise(centre, anna, personal=True)
    record = centre.record(campaign, ONE)
    assert record.state == RecordState.CALLBACK
    assert record.next_due_at == datetime(2025, 3, 4, 13, 30, tzinfo=UTC)  # 14:30 in Warsaw, in winter

    centre.clock.set(datetime(2025, 3, 4, 13, 29, tzinfo=UTC))
    centre.runtime.presenter.present(anna)
    assert centre.session(anna).state == AgentState.READY
    centre.clock.set(datetime(2025, 3, 4, 13, 30, tzinfo=UTC))
    centre.runtime.presenter.present(anna)
    assert centre.session(anna).campaign_contact_id == record.id
    view = centre.runtime.desk.view(centre.actor(anna))
    assert view.callback is not None
    assert view.callback.note == "wants numbers"

    _talk(centre, anna)
    centre.runtime.work.dispose(centre.actor(anna), "SUCCESS")
    assert centre.record(campaign, ONE).state == RecordState.DONE
    assert _listed(centre, anna) == []


def test_a_personal_callback_comes_only_to_the_one_who_promised(centre: Centre) -> None:
    anna, piotr = centre.agent("anna"), centre.agent("piotr")
    centre.campaign([ONE], agents=[anna, piotr])
    centre.start_work(anna)
    _promise(centre, anna, personal=True)
    centre.runtime.agents.pause(centre.actor(anna), "break")
    centre.clock.set(datetime(2025, 3, 4, 13, 30, tzinfo=UTC))
    centre.start_work(piotr)
    assert centre.session(piotr).state == AgentState.READY
    assert _listed(centre, piotr) == []
    centre.runtime.agents.go_ready(centre.actor(anna))
    assert centre.runtime.presenter.present(anna)


def test_anyones_callback_is_presented_before_other_contacts(centre: Centre) -> None:
    anna, piotr = centre.agent("anna"), centre.agent("piotr")
    campaign = centre.campaign([ONE, TWO], agents=[anna, piotr])
    centre.start_work(anna)
    _promise(centre, anna, personal=False)
    centre.runtime.agents.log_out(anna)
    centre.settle()
    centre.clock.set(datetime(2025, 3, 4, 13, 30, tzinfo=UTC))
    centre.start_work(piotr)
    assert centre.session(piotr).campaign_contact_id == centre.record(campaign, ONE).id


def test_an_unanswered_callback_is_retried_by_the_campaigns_rule(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    _promise(centre, anna, personal=True)
    centre.network.behaves(ONE, BUSY)
    centre.clock.set(datetime(2025, 3, 4, 13, 30, tzinfo=UTC))
    centre.runtime.presenter.present(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(3)
    assert centre.record(campaign, ONE).state == RecordState.RETRY
    assert _listed(centre, anna) == []


@pytest.mark.parametrize(
    ("wall", "words"), [(datetime(2025, 3, 2, 14, 0), "passed"), (datetime(2025, 3, 4, 23, 0), "may not call")]
)
def test_a_time_that_cannot_be_kept_is_refused_and_nothing_is_lost(centre: Centre, wall: datetime, words: str) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.network.behaves(ONE, ANSWERS_AND_HANGS_UP)
    centre.start_work(anna)
    _talk(centre, anna)
    with pytest.raises(InvalidInput, match=words):
        centre.runtime.work.dispose(centre.actor(anna), "CALLBACK", "n", CallbackWish(wall))
    assert centre.session(anna).state == AgentState.WRAP_UP
    centre.runtime.work.dispose(centre.actor(anna), "CALLBACK", "n", CallbackWish(TOMORROW))
    assert _listed(centre, anna) == ["2025-03-04T14:30"]


def test_a_callback_needs_a_time(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.network.behaves(ONE, ANSWERS_AND_HANGS_UP)
    centre.start_work(anna)
    _talk(centre, anna)
    with pytest.raises(InvalidInput, match="when"):
        centre.runtime.work.dispose(centre.actor(anna), "CALLBACK")


def test_reminders_come_once_and_orphans_become_anyones(centre: Centre) -> None:
    anna, piotr = centre.agent("anna"), centre.agent("piotr")
    centre.campaign([ONE], agents=[anna, piotr])
    centre.start_work(anna)
    _promise(centre, anna, personal=True)
    centre.runtime.identity.set_active(anna, False)
    centre.clock.set(datetime(2025, 3, 4, 13, 25, tzinfo=UTC))
    assert centre.runtime.callbacks.remind() == 1
    assert centre.runtime.callbacks.remind() == 0
    centre.settle()
    with centre.runtime.db.read() as session:
        reminder = session.query(OutboxEvent).filter_by(type="CallbackDue").one()
    assert reminder.agent_id is None
    assert _listed(centre, piotr) == ["2025-03-04T14:30"]


def test_moving_and_cancelling(centre: Centre) -> None:
    anna, eva = centre.agent("anna"), centre.user("eva", Role.SUPERVISOR, [centre.client_id])
    stranger = centre.user("zoe", Role.SUPERVISOR, [centre.client("Globex")])
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    _promise(centre, anna, personal=True)
    callback_id = centre.record(campaign, ONE).callback_id
    assert callback_id is not None
    with pytest.raises(NotFound):
        centre.runtime.callbacks.cancel(centre.actor(stranger), callback_id)
    centre.runtime.callbacks.move(centre.actor(eva), callback_id, TOMORROW + timedelta(hours=1), None)
    record = centre.record(campaign, ONE)
    assert record.next_due_at == datetime(2025, 3, 4, 14, 30, tzinfo=UTC)
    assert record.callback_owner_id is None
    centre.runtime.callbacks.cancel(centre.actor(eva), callback_id)
    assert centre.record(campaign, ONE).state == RecordState.DONE


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2025-03-30T02:30", "2025-03-30T01:30"),  # skipped in Warsaw: an hour later, 03:30 summer time
        ("2025-10-26T02:30", "2025-10-26T00:30"),  # comes twice: the first
        ("2025-07-01T14:30", "2025-07-01T12:30"),
        ("2025-12-01T14:30", "2025-12-01T13:30"),
    ],
)
def test_wall_times_where_clocks_are_turned(wall: str, expected: str) -> None:
    assert moment_of(datetime.fromisoformat(wall), "Europe/Warsaw").isoformat()[:16] == expected


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.sampled_from(["Europe/Warsaw", "America/New_York"]))
def test_the_moment_is_never_more_than_an_hour_from_the_wall_time(wall: datetime, zone: str) -> None:
    from zoneinfo import ZoneInfo

    shown = moment_of(wall, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown - wall in (timedelta(0), timedelta(hours=1))


def test_the_promise_of_an_owner_who_does_not_come_to_work_becomes_anyones(centre: Centre) -> None:
    anna, bob = centre.agent("anna"), centre.agent("bob")
    campaign = centre.campaign([ONE], agents=[anna, bob])
    centre.start_work(anna)
    _promise(centre, anna, personal=True)
    due = datetime(2025, 3, 4, 13, 30, tzinfo=UTC)
    begin, end = due - timedelta(days=1), due + timedelta(days=1)
    callbacks = centre.runtime.callbacks
    assert [line.absent for line in callbacks.list_between(centre.operator, begin, end)] == [False]
    centre.runtime.agents.log_out(anna)
    centre.clock.set(due + timedelta(minutes=14))
    assert callbacks.release_absent() == 0
    assert [line.absent for line in callbacks.list_between(centre.actor(anna), begin, end, own_only=True)] == [True]
    centre.start_work(bob)
    assert centre.session(bob).campaign_contact_id is None, "it is still Anna's"
    centre.clock.set(due + timedelta(minutes=15))
    assert callbacks.release_absent() == 1
    assert callbacks.release_absent() == 0
    assert centre.record(campaign, ONE).callback_owner_id is None
    centre.runtime.agents.heartbeat(bob)
    assert centre.runtime.presenter.present(bob)
    assert callbacks.list_between(centre.actor(anna), begin, end, own_only=True) == []


def test_whoever_has_no_name_is_shown_by_his_number_to_who_may_see_it(centre: Centre) -> None:
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna], grant=Grant(see_numbers=False))
    with centre.runtime.db.write() as unit:
        unit.session.execute(update(Contact).values(first_name="", last_name=""))
    centre.start_work(anna)
    _promise(centre, anna, personal=True)
    begin, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    shown = [
        centre.runtime.callbacks.list_between(who, begin, end)[0].contact
        for who in (centre.operator, centre.actor(anna))
    ]
    assert shown == [ONE, "+48 ••• ••• •67"]
