"""The pacer: what it never does, what it says about it, and that it keeps the ceiling over a simulated hour."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.pacing.shift import Shift, World
from hookline.pacing import PACER_NAMES, PacingSnapshot, Reason, UnknownPacer, create_pacer
from hookline.pacing.factory import BadPacing
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


@pytest.mark.parametrize("seed", [11])
def test_an_hour_of_twenty_agents_is_busier_than_progressive_and_under_the_ceiling(seed: int) -> None:
    world = World(agents=20, seconds=3600)
    pacer = create_pacer("predictive", 0.03)
    shift = Shift(world, pacer, seed).run()
    assert shift.abandon_rate <= 0.03
    assert shift.utilisation > Shift(world, create_pacer("progressive"), seed).run().utilisation + 0.1
    assert pacer.last_decision is not None
    assert "risk" in pacer.last_decision.numbers or pacer.last_decision.reason is Reason.NO_READY_AGENT
