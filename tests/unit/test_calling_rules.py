"""Holidays, guessed time zones, and another part of the day for the next try."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.domain.campaigns import CallingWindow, DayWindow, in_another_part, part_of_day
from hookline.services.calling_windows import countries_with_holidays, public_holidays
from hookline.services.phones import possible_zones

WEEKDAYS = CallingWindow({day: DayWindow(time(9), time(20)) for day in range(5)}, public_holidays(("PL",)))
WARSAW = "Europe/Warsaw"
ZONES = st.sampled_from([WARSAW, "America/New_York", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu"])
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))


def test_nobody_is_called_on_a_public_holiday() -> None:
    eve = datetime(2026, 11, 10, 21, tzinfo=ZoneInfo(WARSAW))  # the 11th is Independence Day, a Wednesday
    opens = WEEKDAYS.next_opening(eve, WARSAW)
    assert opens == datetime(2026, 11, 12, 9, tzinfo=ZoneInfo(WARSAW))
    assert "PL" in countries_with_holidays()


@settings(max_examples=150, deadline=None)
@given(at=MOMENTS, zones=st.lists(ZONES, min_size=1, max_size=3))
def test_the_window_is_open_where_it_is_in_every_zone_and_opens_when_it_says(at: datetime, zones: list[str]) -> None:
    each = [WEEKDAYS.is_open(at, zone) for zone in zones]
    assert WEEKDAYS.is_open(at, *zones) is all(each)
    opens = WEEKDAYS.next_opening(at, *zones)
    if opens is not None:
        assert opens >= at
        assert WEEKDAYS.is_open(opens, *zones)
        before = opens - timedelta(minutes=1)
        assert before < at or not WEEKDAYS.is_open(before, *zones)


@settings(max_examples=100, deadline=None)
@given(at=MOMENTS, zone=ZONES)
def test_the_next_try_falls_into_another_part_of_the_day(at: datetime, zone: str) -> None:
    again = in_another_part(at, zone, WEEKDAYS, last=at)
    assert again is not None
    assert again >= at
    assert WEEKDAYS.is_open(again, zone)
    assert part_of_day(again.astimezone(ZoneInfo(zone))) != part_of_day(at.astimezone(ZoneInfo(zone)))


def test_a_window_in_one_part_of_the_day_has_no_other() -> None:
    mornings = CallingWindow({day: DayWindow(time(9), time(12)) for day in range(7)})
    morning = datetime(2026, 5, 4, 10, tzinfo=ZoneInfo(WARSAW))
    assert in_another_part(morning, WARSAW, mornings, last=morning) is None


def test_a_guessed_zone_is_every_possible_one() -> None:
    toll_free, spanish_mobile, polish = "+18005551234", "+34612345678", "+48221234567"
    assert possible_zones(polish, WARSAW) == (WARSAW,)
    assert set(possible_zones(spanish_mobile, "Europe/Madrid")) == {"Atlantic/Canary", "Europe/Madrid"}
    assert len(possible_zones(toll_free, "America/New_York")) == 2
    assert possible_zones(toll_free, "America/Denver") == ("America/Denver",)  # somebody said so: no guess
