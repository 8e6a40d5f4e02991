"""A call centre that telephones through Twilio: campaigns that move to it, two backends at once, and a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hookline.db.models import Attempt, Call, Recording
from hookline.domain.access import Grant
from hookline.domain.agents import AgentState
from hookline.domain.calls import CallState
from hookline.domain.campaigns import Purpose
from hookline.services.campaigns import CampaignDraft
from hookline.services.fail_over import FailOver
from hookline_telephony_twilio.accounts import Accounts
from hookline_telephony_twilio.book import Book
from hookline_telephony_twilio.costs import Costs
from hookline_telephony_twilio.models import CallRecord, RecordingRecord
from hookline_telephony_twilio.service import AccountDraft, AccountService
from tests.plugins.telephony_twilio.installation import Installation
from tests.plugins.telephony_twilio.standin import Behaviour
from tests.plugins.telephony_twilio.standin.accounts import (
    SUB_ACCOUNT_SID,
    SUB_API_KEY,
    SUB_API_SECRET,
    SUB_APP_SID,
    SUB_AUTH_TOKEN,
    SUB_CALLER_ID,
)
from tests.plugins.telephony_twilio.standin.mischief import Delivering

TWILIO = "telephony_twilio"


@pytest.fixture
def here(tmp_path: Path, cheap_passwords: None) -> Iterator[Installation]:
    """The installation, its Twilio backend started."""
    folder = tmp_path / "installation"
    folder.mkdir()
    installation = Installation(folder)
    installation.start()
    yield installation
    installation.close()


def draft(here: Installation, numbers: list[str], agent: int, backend: str, name: str = "Spring") -> CampaignDraft:
    contacts = [here.centre.contact(number) for number in numbers]
    return CampaignDraft(
        client_id=here.centre.client_id,
        name=name,
        purpose=Purpose.SERVICE,
        backend=backend,
        list_ids=[here.centre.contact_list(contacts, f"{name} list")],
        agents={agent: Grant()},
    )


def campaign(here: Installation, wanted: CampaignDraft) -> int:
    campaign_id = here.runtime.campaigns.create(here.centre.operator, wanted)
    here.runtime.campaigns.start(here.centre.operator, campaign_id)
    return campaign_id


def state(here: Installation, agent: int) -> str:
    return here.centre.session(agent).state


def starts_work(here: Installation, agent: int) -> None:
    actor = here.centre.actor(agent)
    here.runtime.agents.start_work(actor, here.runtime.agents.stations_for(actor)[0].id, None)
    here.until(lambda: here.centre.session(agent).station_state == "connected")


def dials(here: Installation, agent: int) -> None:
    here.runtime.work.dial(here.centre.actor(agent))
    here.until(lambda: state(here, agent) == AgentState.ON_CALL)


def finishes(here: Installation, agent: int) -> Call:
    here.runtime.calls.hang_up(here.centre.actor(agent))
    here.until(lambda: state(here, agent) == AgentState.WRAP_UP)
    here.runtime.work.dispose(here.centre.actor(agent), "SUCCESS", "")
    here.settle()
    return [call for call in calls(here) if call.agent_id == agent][-1]


def calls(here: Installation) -> list[Call]:
    with here.runtime.db.read() as session:
        return list(session.scalars(select(Call).order_by(Call.id)))


def test_a_campaign_moves_to_twilio_by_one_setting(here: Installation) -> None:
    anna = here.centre.agent("anna")
    wanted = draft(here, ["+48600100001", "+48600100002"], anna, "simulated")
    campaign_id = campaign(here, wanted)
    told = []
    for backend in ("simulated", TWILIO):
        here.runtime.campaigns.update(here.centre.operator, campaign_id, replace(wanted, backend=backend))
        starts_work(here, anna)
        dials(here, anna)
        here.passes(3.0)
        call = finishes(here, anna)
        told.append((call.backend, call.result, call.state, bool(call.answered_at), bool(call.agent_connected_at)))
        here.runtime.agents.log_out(anna)
        here.passes(1.0)
    assert [one[0] for one in told] == ["simulated", TWILIO]
    assert told[0][1:] == told[1][1:] == ("answered", "ended", True, True)
    assert len([call for call in here.standin.world.calls.values() if call.to.startswith("+48600")]) == 1


def test_two_backends_work_at_once_and_hear_nothing_of_each_other(here: Installation) -> None:
    anna, bert = here.centre.agent("anna"), here.centre.agent("bert")
    campaign(here, draft(here, ["+48600100001"], anna, "simulated", "One"))
    campaign(here, draft(here, ["+48600100002"], bert, TWILIO, "Two"))
    for agent in (anna, bert):
        starts_work(here, agent)
        dials(here, agent)
    here.passes(2.0)
    assert {call.backend for call in calls(here) if call.state != CallState.ENDED} == {"simulated", TWILIO}
    (customer,) = here.standin.calls_to("+48600100002")
    (station,) = here.standin.calls_to("sip:bert@simulated.invalid")
    assert here.standin.hears(customer, station)
    assert not here.standin.calls_to("+48600100001")
    for agent in (anna, bert):
        assert finishes(here, agent).result == "answered"


def test_where_twilio_takes_on_no_calls_a_campaign_goes_on_by_the_other_backend(here: Installation) -> None:
    anna = here.centre.agent("anna")
    campaign_id = campaign(here, draft(here, ["+48600100001"], anna, TWILIO))
    rule = FailOver(here.runtime.db, here.runtime.host, [f"{TWILIO}>simulated"])
    assert [rule.look() for _ in range(4)] == [None] * 4
    here.standin.account.status = "suspended"
    actor = here.centre.actor(anna)
    for _ in range(5):
        here.runtime.agents.start_work(actor, here.runtime.agents.stations_for(actor)[0].id, None)
        here.passes(1.0)
        here.runtime.agents.log_out(anna)
        here.passes(0.5)
    moved = [rule.look() for _ in range(3)]
    assert moved == [None, None, "1"]
    starts_work(here, anna)
    dials(here, anna)
    assert finishes(here, anna).backend == "simulated"
    assert here.runtime.campaigns.get(here.centre.operator.scope, campaign_id).backend == "simulated"


def test_a_recording_of_a_call_is_kept_here_and_no_more_at_twilio(here: Installation) -> None:
    anna = here.centre.agent("anna")
    campaign(here, draft(here, ["+48600100001"], anna, TWILIO))
    starts_work(here, anna)
    dials(here, anna)
    here.passes(3.0)
    call = finishes(here, anna)
    here.until(lambda: not here.standin.world.recordings)
    with here.runtime.db.read() as session:
        recording = session.scalars(select(Recording).where(Recording.call_id == call.id)).one()
        receipt = session.get_one(RecordingRecord, recording.backend_id)
    assert recording.seconds == pytest.approx(3.0, abs=1.0)
    assert (receipt.bytes > 0, receipt.deleted_at is not None) == (True, True)


def restarts(here: Installation, away_seconds: float = 2.0) -> None:
    """The process is killed; Twilio goes on for a while without us; a new one comes up."""
    here.standin.settle()
    here.die()
    for _ in range(round(away_seconds / 0.5)):
        here.standin.settle()
        here.clock.advance(0.5)
    here.standin.settle()
    here.come_back()
    here.passes(3.0)


def test_after_a_restart_in_the_middle_no_call_is_left_alone_none_is_lost_and_nobody_is_stuck(
    here: Installation,
) -> None:
    anna, bert = here.centre.agent("anna"), here.centre.agent("bert")
    campaign(here, draft(here, ["+48600100001", "+48600100003"], anna, TWILIO, "One"))
    campaign(here, draft(here, ["+48600100002"], bert, TWILIO, "Two"))
    for agent in (anna, bert):
        starts_work(here, agent)
    dials(here, anna)
    here.standin.behaves("+48600100002", Behaviour(outcome="rings"))
    here.runtime.work.dial(here.centre.actor(bert))
    here.passes(1.0)
    restarts(here)
    assert not here.standin.world.live_calls()
    assert {call.state for call in calls(here)} == {CallState.ENDED}
    with here.runtime.db.read() as session:
        assert not session.scalars(select(Attempt).where(Attempt.closed_at.is_(None))).all()
        assert all(row.ended_at for row in session.scalars(select(CallRecord)))
    for number in ("+48600100001", "+48600100002"):
        assert len(here.standin.calls_to(number)) == 1
    here.runtime.agents.log_out(anna)
    starts_work(here, anna)
    assert here.centre.session(anna).station_state == "connected"


def test_what_was_said_before_the_restart_is_kept(here: Installation) -> None:
    anna = here.centre.agent("anna")
    campaign(here, draft(here, ["+48600100001"], anna, TWILIO))
    starts_work(here, anna)
    dials(here, anna)
    here.passes(3.0)
    restarts(here)
    here.runtime.recordings.salvage(here.runtime.host.backends())
    with here.runtime.db.read() as session:
        recording = session.scalars(select(Recording)).one()
    path = here.runtime.settings.recordings_dir / recording.path
    assert path.stat().st_size > 40000
    assert recording.state != "recording"


@pytest.mark.parametrize("effect", ["dropped", "late"])
def test_a_call_whose_beginning_nobody_saw_does_not_go_on_without_us(here: Installation, effect: Delivering) -> None:
    anna = here.centre.agent("anna")
    campaign(here, draft(here, ["+48600100001"], anna, TWILIO))
    starts_work(here, anna)
    here.standin.behaves("+48600100001", Behaviour(answers_after=4.0))
    here.standin.mischief.answer("POST .*/Calls.json", "lost")
    here.standin.mischief.deliver("/call/", effect, times=2, seconds=3.0)
    here.runtime.work.dial(here.centre.actor(anna))
    here.standin.settle()
    restarts(here, 1.0)
    here.passes(8.0)
    assert len(here.standin.calls_to("+48600100001")) == 1
    assert not here.standin.world.live_calls()


def test_a_twilio_that_has_trouble_at_our_start_is_asked_again_until_every_call_is_settled(here: Installation) -> None:
    anna = here.centre.agent("anna")
    campaign(here, draft(here, ["+48600100001"], anna, TWILIO))
    starts_work(here, anna)
    dials(here, anna)
    here.standin.mischief.answer("(GET|POST) .*/Calls/CA", "503", times=9)
    restarts(here)
    here.until(lambda: not here.standin.world.live_calls(), 60.0)
    with here.runtime.db.read() as session:
        assert all(row.ended_at for row in session.scalars(select(CallRecord)))


def test_a_client_with_an_account_of_its_own_calls_by_it_alone_and_pays_there(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_SECRET", SUB_API_SECRET)
    monkeypatch.setenv("ACME_TOKEN", SUB_AUTH_TOKEN)
    own = AccountDraft(
        name="Acme's",
        client_id=here.centre.client_id,
        account_sid=SUB_ACCOUNT_SID,
        api_key_sid=SUB_API_KEY,
        secret_variable="ACME_SECRET",
        token_variable="ACME_TOKEN",
        caller_id=SUB_CALLER_ID,
        app_sid=SUB_APP_SID,
    )
    AccountService(here.runtime.db).add(here.centre.operator, own)
    anna = here.centre.agent("anna")
    campaign_id = campaign(here, draft(here, ["+48600100001"], anna, TWILIO))
    starts_work(here, anna)
    dials(here, anna)
    (customer,) = here.standin.calls_to("+48600100001")
    assert (customer.account.sid, customer.from_) == (SUB_ACCOUNT_SID, SUB_CALLER_ID)
    assert {call.account.sid for call in here.standin.world.calls.values()} == {SUB_ACCOUNT_SID}
    here.passes(61.0, 1.0)
    assert finishes(here, anna).result == "answered"
    here.passes(3.0)
    here.centre.run_job("telephony_twilio.fetch-prices")
    with here.runtime.db.read() as session:
        row = session.scalars(select(CallRecord).where(CallRecord.call_sid == customer.sid)).one()
    assert (f"{row.price:.4f}", row.price_unit, row.client_id) == ("0.0290", "USD", here.centre.client_id)
    account = Accounts(here.runtime.plugin_settings(TWILIO).loaded())
    costs = Costs(here.runtime.db, Book(here.runtime.db), account)
    (cost,) = costs.by_campaign(here.centre.operator, here.clock.now() - timedelta(days=1))
    assert (cost.campaign_id, f"{cost.price:.4f}", cost.calls, cost.open) == (campaign_id, "0.0290", 1, 0)
