"""Campaigns' figures mean what their definitions say, call by call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hookline.db.models import Call
from hookline.domain.access import Scope
from hookline.domain.campaigns import RecordState
from hookline.errors import NotFound
from hookline.services.call_reads import CallFilters
from hookline.services.figures import Figures
from hookline.services.transfer_targets import Target
from hookline.testing.behaviour import BUSY, NO_ANSWER
from hookline.testing.centre import Centre

ONE, TWO, THREE, FOUR = (f"+4822123456{n}" for n in range(1, 5))
EVERYTHING = Scope.everything()


def _talk(centre: Centre, agent: int, code: str, seconds: float = 30) -> None:
    """Dial the presented contact, talk, hang up, dispose."""
    centre.runtime.work.dial(centre.actor(agent))
    centre.advance(4)
    centre.advance(seconds, step=5)
    centre.runtime.calls.hang_up(centre.actor(agent))
    centre.advance(1)
    centre.runtime.work.dispose(centre.actor(agent), code)


def _dial_in_vain(centre: Centre, agent: int) -> None:
    centre.runtime.work.dial(centre.actor(agent))
    centre.advance(40, step=1)


def test_an_untouched_campaign_has_rates_of_nothing_and_not_of_zero(centre: Centre) -> None:
    campaign = centre.campaign([ONE, TWO], agents=[centre.agent("anna")])
    figures = centre.runtime.figures.of_campaign(EVERYTHING, campaign)
    assert figures.in_all == Figures()
    assert figures.in_all.answer_rate is None
    assert figures.in_all.success_rate is None
    assert figures.in_all.average_talk_seconds is None
    assert (figures.standing.total, figures.standing.done, figures.standing.left) == (2, 0, 2)
    assert figures.results == ()


def test_every_call_counts_as_defined(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO, THREE, FOUR], agents=[anna])
    centre.network.behaves(THREE, BUSY)
    centre.network.behaves(FOUR, NO_ANSWER)
    centre.start_work(anna)
    _talk(centre, anna, "SUCCESS")
    _talk(centre, anna, "REFUSED")
    _dial_in_vain(centre, anna)
    _dial_in_vain(centre, anna)

    figures = centre.runtime.figures.of_campaign(EVERYTHING, campaign)
    all_time = figures.in_all
    assert (all_time.attempts, all_time.answered, all_time.connected) == (4, 2, 2)
    assert (all_time.successes, all_time.refusals) == (1, 1)
    assert all_time.answer_rate == 0.5
    assert all_time.success_rate == 0.5
    assert dict(figures.results) == {"answered": 2, "busy": 1, "no_answer": 1}
    assert figures.results[0] == ("answered", 2)
    counted = {each.code: each.count for each in figures.dispositions}
    assert (counted["SUCCESS"], counted["REFUSED"], counted["DNC"]) == (1, 1, 0)
    assert figures.standing.done == 2
    assert figures.standing.count(RecordState.RETRY) == 2
    assert figures.agents_working == 1


def test_talk_seconds_run_from_the_connection_to_the_end(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE, TWO], agents=[anna])
    centre.start_work(anna)
    _talk(centre, anna, "SUCCESS", seconds=20)
    _talk(centre, anna, "SUCCESS", seconds=60)

    calls = centre.calls()
    expected = sum(_talked(call) for call in calls)
    figures = centre.runtime.figures.of_campaign(EVERYTHING, campaign).in_all
    assert figures.talks == 2
    assert figures.talk_seconds == pytest.approx(expected, abs=0.01)
    assert figures.average_talk_seconds == pytest.approx(expected / 2, abs=0.01)


def _talked(call: Call) -> float:
    assert call.ended_at is not None
    assert call.agent_connected_at is not None
    return (call.ended_at - call.agent_connected_at).total_seconds()


def test_a_call_that_a_colleague_takes_over_counts_once_and_each_agents_part_is_talk(centre: Centre) -> None:
    anna, bert = centre.agent("anna"), centre.agent("bert")
    campaign = centre.campaign([ONE], agents=[anna, bert])
    runtime = centre.runtime
    centre.start_work(anna)
    runtime.work.dial(centre.actor(anna))
    centre.advance(4)
    centre.start_work(bert)
    centre.advance(20, step=1)
    runtime.desk_calls.transfers.send(centre.actor(anna), Target("Bert", agent_id=bert))
    runtime.work.dispose(centre.actor(anna), "SUCCESS")
    runtime.desk_calls.offers.accept(centre.actor(bert))
    centre.advance(60, step=1)
    runtime.calls.hang_up(centre.actor(bert))
    centre.settle()
    runtime.work.dispose(centre.actor(bert), "SUCCESS")

    first, second = centre.calls()
    assert (second.parent_id, first.state, second.state) == (first.id, "ended", "ended")
    assert first.agent_left_at is not None
    assert first.ended_at is not None
    assert first.agent_connected_at is not None
    first_part = (first.agent_left_at - first.agent_connected_at).total_seconds()
    figures = runtime.figures.of_campaign(EVERYTHING, campaign)
    found = figures.in_all
    assert (found.attempts, found.answered, found.connected, found.successes, found.talks) == (1, 1, 1, 1, 2)
    assert figures.results == (("answered", 1),)
    assert found.talk_seconds == pytest.approx(first_part + _talked(second), abs=0.01)
    lines = runtime.call_reads.list_calls(centre.operator, CallFilters(campaign_id=campaign)).rows
    assert sum(line.talk_seconds or 0 for line in lines) == pytest.approx(found.talk_seconds, abs=0.01)


def test_today_ends_at_midnight_in_warsaw(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    _talk(centre, anna, "SUCCESS")
    assert centre.runtime.figures.of_campaign(EVERYTHING, campaign).today.successes == 1

    day_start = centre.runtime.figures.day_start()
    assert day_start.utcoffset() in (timedelta(hours=1), timedelta(hours=2))
    midnight = day_start + timedelta(days=1)
    centre.clock.advance((midnight - centre.clock.now()).total_seconds() + 1)
    figures = centre.runtime.figures.of_campaign(EVERYTHING, campaign)
    assert figures.today == Figures()
    assert figures.in_all.successes == 1


def test_the_overview_agrees_with_each_campaigns_own_figures(centre: Centre) -> None:
    anna = centre.agent("anna")
    spring = centre.campaign([ONE, TWO], agents=[anna], name="Spring")
    autumn = centre.campaign([THREE], agents=[anna], name="Autumn", running=False)
    centre.start_work(anna)
    _talk(centre, anna, "SUCCESS")

    lines = {line.campaign.id: line for line in centre.runtime.figures.overview(EVERYTHING)}
    assert list(lines) == [spring, autumn]  # running ones first
    for campaign_id, line in lines.items():
        own = centre.runtime.figures.of_campaign(EVERYTHING, campaign_id)
        assert (line.today, line.in_all, line.standing) == (own.today, own.in_all, own.standing)
        assert line.agents_working == own.agents_working
    assert lines[spring].client_name == "Acme"


def test_figures_of_another_client_are_not_to_be_had(centre: Centre) -> None:
    other = centre.client("Globex")
    campaign = centre.campaign([ONE], agents=[centre.agent("anna")], client_id=other, name="Theirs")
    scope = Scope(frozenset({centre.client_id}))
    assert centre.runtime.figures.overview(scope) == []
    with pytest.raises(NotFound):
        centre.runtime.figures.of_campaign(scope, campaign)
