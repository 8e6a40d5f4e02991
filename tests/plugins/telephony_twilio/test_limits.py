"""The account's limits are kept, and nobody is kept out by somebody else's many calls."""

from __future__ import annotations

from hookline_telephony_twilio.limits import CallLimits


class Watch:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def limits(per_second: float, at_once: int = 0) -> tuple[CallLimits, Watch]:
    watch = Watch()
    return CallLimits(per_second, at_once, watch), watch


def test_no_more_begin_per_second_than_allowed() -> None:
    lot, watch = limits(2.0)
    for number in range(6):
        lot.ask("acme", f"leg{number}")
    begun = lot.take()
    assert begun == ["leg0", "leg1"]
    assert lot.wait_seconds() == 0.5
    watch.now = 1.0
    begun += lot.take()
    watch.now = 2.0
    begun += lot.take()
    assert begun == [f"leg{number}" for number in range(6)], "in the order in which they were asked for"
    assert lot.wait_seconds() is None


def test_clients_take_turns() -> None:
    lot, _ = limits(4.0)
    for number in range(10):
        lot.ask("big", f"big{number}")
    lot.ask("small", "small0")
    assert lot.take() == ["big0", "small0", "big1", "big2"]


def test_no_more_run_at_once_than_allowed_until_one_ends() -> None:
    lot, watch = limits(100.0, at_once=2)
    for number in range(3):
        lot.ask("acme", f"leg{number}")
    assert lot.take() == ["leg0", "leg1"]
    watch.now = 60.0
    assert lot.take() == []
    assert lot.wait_seconds() is None, "time alone makes no room"
    assert not lot.forget("leg0")
    assert lot.take() == ["leg2"]
    assert lot.running == 2


def test_who_gives_up_waits_no_more() -> None:
    lot, watch = limits(1.0)
    lot.ask("acme", "leg0")
    lot.ask("acme", "leg1")
    assert lot.take() == ["leg0"]
    assert lot.forget("leg1")
    watch.now = 5.0
    assert lot.take() == []
    assert lot.waiting == 0


def test_after_too_many_requests_a_second_begins_empty() -> None:
    lot, watch = limits(2.0)
    lot.slow_down()
    lot.ask("acme", "leg0")
    assert lot.take() == []
    watch.now = 0.5
    assert lot.take() == ["leg0"]
