"""The clock that tests turn by hand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.testing.clock import START, VirtualClock


def test_time_stands_still_until_it_is_advanced() -> None:
    clock = VirtualClock()
    assert clock.now() == clock.now() == START
    clock.advance(1.5)
    assert clock.now() == START + timedelta(seconds=1.5)


@given(st.lists(st.floats(min_value=0, max_value=100), max_size=20), st.lists(st.floats(0, 30), max_size=10))
def test_handlers_run_at_their_moments_in_order(delays: list[float], steps: list[float]) -> None:
    clock = VirtualClock()
    due = [START + timedelta(seconds=delay) for delay in delays]
    ran: list[tuple[int, datetime]] = []

    def note(number: int) -> None:
        ran.append((number, clock.now()))

    for number, moment in enumerate(due):
        clock.call_at(moment, partial(note, number))
    for step in steps:
        clock.advance(step)
    expected = sorted((moment, number) for number, moment in enumerate(due) if moment <= clock.now())
    assert ran == ([(number, moment) for moment, number in expected] if steps else [])


def test_a_handler_may_ask_for_another_in_the_same_advance() -> None:
    clock = VirtualClock()
    ran: list[datetime] = []
    clock.call_later(1, lambda: clock.call_later(1, lambda: ran.append(clock.now())))
    clock.advance(5)
    assert ran == [START + timedelta(seconds=2)]


def test_a_cancelled_handler_does_not_run() -> None:
    clock = VirtualClock()
    ran: list[int] = []
    timer = clock.call_later(1, lambda: ran.append(1))
    timer.cancel()
    timer.cancel()
    clock.advance(2)
    assert ran == []


def test_what_a_handler_raises_comes_out_and_the_rest_stays_due() -> None:
    clock = VirtualClock()
    ran: list[int] = []
    clock.call_later(1, lambda: [][0])
    clock.call_later(1, lambda: ran.append(1))
    with pytest.raises(IndexError):
        clock.advance(2)
    clock.advance(0)
    assert ran == [1]


def test_a_handler_cannot_advance_the_clock() -> None:
    clock = VirtualClock()
    clock.call_later(0, lambda: clock.advance(1))
    with pytest.raises(RuntimeError, match="tried to advance"):
        clock.advance(0)
    clock.advance(1)
    assert clock.now() == START + timedelta(seconds=1)


def test_set_forwards_runs_handlers_and_backwards_only_tells_another_time() -> None:
    clock = VirtualClock()
    ran: list[datetime] = []
    clock.call_later(60, lambda: ran.append(clock.now()))
    clock.set(START - timedelta(hours=1))
    assert (clock.now(), ran) == (START - timedelta(hours=1), [])
    clock.set(START + timedelta(hours=1))
    assert ran == [START + timedelta(seconds=60)]


def test_times_are_utc_and_never_naive() -> None:
    warsaw = timezone(timedelta(hours=1))
    assert VirtualClock(datetime(2025, 1, 1, 10, tzinfo=warsaw)).now() == datetime(2025, 1, 1, 9, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        VirtualClock(datetime(2025, 1, 1))


def test_time_cannot_be_advanced_backwards() -> None:
    with pytest.raises(ValueError, match="cannot advance"):
        VirtualClock().advance(-1)


def test_threads_that_advance_take_turns() -> None:
    clock = VirtualClock()
    ran: list[int] = []
    for number in range(100):
        clock.call_later(number / 100, partial(ran.append, number))
    threads = [threading.Thread(target=clock.advance, args=(0.5,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == START + timedelta(seconds=2)
    assert ran == list(range(100))
