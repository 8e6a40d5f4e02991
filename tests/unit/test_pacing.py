"""The pacer: what it never does, what it says about it, and that it keeps the ceiling over a simulated hour."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.pacing.clockwork import Clockwork, Floor
from bench.pacing.shift import Shift, World
from hookline.pacing import PACER_NAMES, PacingSnapshot, Reason, UnknownPacer, create_pacer
from hookline.pacing.factory import BadPacing
from hookline.pacing.happenings import Ended, Happenings, vanished
from hookline.pacing.learning import AnswerLevel, Lifetimes
from hookline.pacing.losses import FreeAgents, shares

AGES = st.lists(st.floats(0, 900), max_size=12).map(tuple)
KINDS = ("answer", "fail", "connect", "abandon", "talk_end", "wrap_end", "login", "logout")
EVENTS = st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 100), st.floats(0, 2000)), max_size=5).map(tuple)


@st.composite
def shifts(draw: st.DrawFn) -> list[PacingSnapshot]:
    """A few ticks with gaps, of which nothing need fit together."""
    now, ticks = draw(st.floats(0, 1e6)), []
    for _ in range(draw(st.integers(1, 4))):
        now += draw(st.sampled_from([0.0, 1.0, 1.0, 40.0, 90000.0]))
        answered = draw(st.integers(0, 500))
        ticks.append(
            PacingSnapshot(
                now=now,
                logged_in=draw(st.integers(0, 30)),
                idle=draw(st.integers(0, 30)),
                talking=draw(AGES),
                wrapping=draw(AGES),
                ringing=draw(AGES),
                queued=draw(AGES),
                dialled=draw(st.integers(0, 3000)),
                answered=answered,
                abandoned=draw(st.integers(0, answered)),
                logging_out=draw(st.integers(0, 5)),
                events=draw(EVENTS),
                limit=draw(st.none() | st.integers(0, 40)),
            )
        )
    return ticks


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(PACER_NAMES), ceiling=st.sampled_from([0.0, 0.03, 0.2]), ticks=shifts())
def test_bounds_hold_whatever_the_pacer_is_told(name: str, ceiling: float, ticks: list[PacingSnapshot]) -> None:
    one, same = create_pacer(name, ceiling), create_pacer(name, ceiling)
    for tick in ticks:
        calls = one.calls_to_place(tick)
        assert calls >= 0
        assert tick.limit is None or calls <= tick.limit
        assert calls == 0 or (tick.idle > 0 and tick.logged_in > 0), "no ready agents, no calls"
        if ceiling == 0:
            assert calls <= max(0, tick.idle - len(tick.ringing) - len(tick.queued))
        assert one.last_decision is not None
        assert (one.last_decision.calls, one.last_decision.at) == (calls, tick.now)
        assert same.calls_to_place(tick) == calls, "the same history gives the same answer"
        assert same.last_decision == one.last_decision


def ready(**fields: object) -> PacingSnapshot:
    """Five ready agents and 400 answers behind them."""
    return PacingSnapshot(**{"now": 0.0, "logged_in": 5, "idle": 5, "dialled": 1600, "answered": 400, **fields})  # type: ignore[arg-type]


def test_progressive_and_power_count_what_is_under_way() -> None:
    ringing = ready(ringing=(1.0, 2.0), queued=(0.5,))
    assert create_pacer("progressive").calls_to_place(ringing) == 2
    assert create_pacer("power", ratio=2.5).calls_to_place(ringing) == 9
    assert create_pacer("manual").calls_to_place(ringing) == 0


@pytest.mark.parametrize("name", ["power", "predictive"])
def test_at_the_ceiling_one_call_for_each_ready_agent_and_it_says_so(name: str) -> None:
    pacer = create_pacer(name, 0.03, ratio=3)
    assert pacer.calls_to_place(ready(abandoned=12, ringing=(3.0,))) == 4
    assert pacer.last_decision is not None
    assert pacer.last_decision.reason is Reason.AT_THE_CEILING


def test_a_pause_stops_at_the_next_tick() -> None:
    pacer = create_pacer("power", ratio=3)
    assert pacer.calls_to_place(ready()) == 15
    assert pacer.calls_to_place(ready(now=1.0, limit=0)) == 0
    assert pacer.last_decision is not None
    assert pacer.last_decision.reason is Reason.PAUSED


def test_an_unknown_name_and_senseless_numbers_are_refused() -> None:
    with pytest.raises(UnknownPacer, match="predictive"):
        create_pacer("psychic")
    with pytest.raises(BadPacing):
        create_pacer("predictive", 1.5)
    with pytest.raises(BadPacing):
        create_pacer("power", ratio=0.5)


def test_the_chance_that_nobody_is_free_counts_calls_that_cannot_answer_twice() -> None:
    one = FreeAgents(1, [0.0, 0.5], [0.0, 0.25])
    assert one.chance_of_none(0, 0.5, 0.375) == pytest.approx(7 / 16), "at least one of two calls is answered"
    assert one.chance_of_none(0, 0.25, 0.1875) == pytest.approx(0.25)
    assert one.chance_of_none(1, 1.0, 0.0) == pytest.approx(0.5, abs=0.01), "perhaps another agent is free by then"
    assert FreeAgents(0, [0.0], [0.0]).chance_of_none(0, 0.0, 0.0) == 1.0


def test_counts_of_any_spread_have_the_right_mean_and_variance() -> None:
    assert shares(1.0, 0.5) == pytest.approx([0.25, 0.5, 0.25])
    for mean, variance in ((3.0, 1.2), (3.0, 3.0), (3.0, 7.0)):
        chances = shares(mean, variance)
        assert sum(chances) == pytest.approx(1, abs=1e-5)
        assert sum(n * p for n, p in enumerate(chances)) == pytest.approx(mean, abs=0.05)
        assert sum((n - mean) ** 2 * p for n, p in enumerate(chances)) == pytest.approx(variance, abs=0.1)


def test_rings_that_always_last_the_same_are_learnt_as_such() -> None:
    rings = Lifetimes(range(61), 16.0, held=1.0, weight=8.0, wanted_share=0.25, by_call=True)
    for call in range(400):
        rings.happened(8.0, wanted=call % 4 == 0)
    rings.solve([3.0, 12.0])
    assert rings.wanted[7] == pytest.approx(0.25, abs=0.01), "the ring of 8 seconds ends in the eighth second"
    assert max(rings.wanted[:7]) < 0.001


def test_long_talks_count_while_they_last() -> None:
    talks = Lifetimes([0, 60, 120], 140.0, held=1.0)
    for _ in range(50):
        talks.happened(30.0)
    talks.solve([])
    quick = talks.wanted[0]
    talks.solve([200.0] * 50)
    assert talks.wanted[0] < 0.4 * quick


def test_a_jump_of_the_answer_rate_is_followed_soon_and_a_steady_one_ever_more_exactly() -> None:
    level = AnswerLevel()
    for second in range(400):
        level.learn(int(second % 2 == 0), 0.5)
    assert level.factor == pytest.approx(1, abs=0.05)
    steady = level.spread
    assert steady < 0.02
    for _ in range(50):
        level.learn(1, 0.5)
    assert level.factor > 1.6, "twice as many, after fifty answers"
    assert level.spread > steady


def test_what_is_not_told_is_seen_from_the_ages() -> None:
    assert vanished((3.0, 8.2, 1.0), (4.0, 2.05), 1.0) == [9.2]
    before = PacingSnapshot(now=0, ringing=(7.0, 19.0, 2.0), talking=(60.0, 90.0), dialled=3)
    now = PacingSnapshot(now=1, ringing=(3.0,), talking=(91.0, 0.5), dialled=3, answered=1, ring_timeout=20)
    untold = set(Happenings().between(before, now, 1.0))
    assert untold == {Ended("answer", 8.0), Ended("fail", 20.0), Ended("talk_end", 61.0)}


def test_a_floor_that_tells_no_events_is_paced_as_well() -> None:
    floors = [Floor(5, chance=0.4, talk=40.0, seconds=900, told=told) for told in (True, False)]
    told, untold = (Clockwork(floor, create_pacer("predictive"), 3).run() for floor in floors)
    assert told == untold


@pytest.mark.parametrize("chance", [0.1, 0.6])
def test_a_big_team_that_begins_on_an_unknown_list_keeps_the_ceiling(chance: float) -> None:
    shift = Shift(World(agents=300, answer_chance=chance, seconds=150), create_pacer("predictive", 0.03), 5).run()
    assert shift.abandon_rate <= 0.03
    assert shift.dialled > 300 * 1.5, "it did not only dial one call for each agent"


def test_what_was_saved_on_other_days_is_not_spent_at_once() -> None:
    rich = {"answered": 20000, "abandoned": 0, "dialled": 80000}
    pacer = create_pacer("predictive", 0.03)
    pacer.calls_to_place(PacingSnapshot(now=0, logged_in=5, idle=1, **rich))  # type: ignore[arg-type]
    lost = {**rich, "answered": 20100, "abandoned": 40, "dialled": 80400}
    for second in range(60):
        pacer.calls_to_place(PacingSnapshot(now=float(second + 1), logged_in=5, idle=1, **lost))  # type: ignore[arg-type]
    assert pacer.last_decision is not None
    assert pacer.last_decision.numbers["room"] < 0


@pytest.mark.parametrize("seed", [11])
def test_a_morning_of_twenty_agents_is_busier_than_progressive_and_under_the_ceiling(seed: int) -> None:
    world = World(agents=20, seconds=2400)
    pacer = create_pacer("predictive", 0.03)
    shift = Shift(world, pacer, seed).run()
    assert shift.abandon_rate <= 0.03
    assert shift.utilisation > Shift(world, create_pacer("progressive"), seed).run().utilisation + 0.1
    assert pacer.last_decision is not None
    assert "risk" in pacer.last_decision.numbers or pacer.last_decision.reason is Reason.NO_READY_AGENT
