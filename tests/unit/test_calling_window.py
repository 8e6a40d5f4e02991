"""The calling window: in the contact's own time, whatever the season."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.domain.campaigns import DEFAULT_WINDOW, CallingWindow, DayWindow

ZONES = [
    "Europe/Warsaw",
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
]
#: Warsaw turns its clocks on 30 March and 26 October 2025.
SPRING, AUTUMN = datetime(2025, 3, 30, tzinfo=UTC), datetime(2025, 10, 26, tzinfo=UTC)

TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
DAYS = st.builds(DayWindow, TIMES, TIMES)
WINDOWS = st.dictionaries(st.integers(0, 6), DAYS, max_size=7).map(CallingWindow)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
AROUND_CHANGES = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes), st.sampled_from([SPRING, AUTUMN]), st.integers(-2880, 2880)
)
ANY_MOMENT = st.one_of(MOMENTS, AROUND_CHANGES)


@given(WINDOWS, ANY_MOMENT, st.sampled_from(ZONES))
def test_the_next_opening_is_open_and_not_in_the_past(window: CallingWindow, at: datetime, zone: str) -> None:
    opening = window.next_opening(at, zone)
    assert opening is None or (opening >= at and window.is_open(opening, zone))


@given(WINDOWS, ANY_MOMENT, st.sampled_from(ZONES))
def test_a_window_that_ever_opens_opens_soon(window: CallingWindow, at: datetime, zone: str) -> None:
    opening = window.next_opening(at, zone)
    assert (opening is not None) == window.ever_opens()
    if opening is not None:
        # A week and a day, or one more where summer time takes the only opening away.
        assert opening - at <= timedelta(days=15, hours=2)


@given(WINDOWS, ANY_MOMENT, st.sampled_from(ZONES))
def test_before_the_next_opening_it_is_closed(window: CallingWindow, at: datetime, zone: str) -> None:
    opening = window.next_opening(at, zone)
    if opening is None or opening == at:
        return
    steps = int((opening - at).total_seconds() // 1800)
    assert not any(window.is_open(at + timedelta(minutes=30 * n), zone) for n in range(steps))
    assert not window.is_open(opening - timedelta(seconds=1), zone)


@given(WINDOWS)
def test_storing_and_reading_gives_the_same_window(window: CallingWindow) -> None:
    assert CallingWindow.from_json(window.to_json()) == window


@given(ANY_MOMENT, st.sampled_from(ZONES))
def test_the_same_moment_is_judged_by_the_contacts_clock(at: datetime, zone: str) -> None:
    local = at.astimezone(ZoneInfo(zone))
    day = DEFAULT_WINDOW.days.get(local.weekday())
    expected = day is not None and day.opens <= local.time() < day.closes
    assert DEFAULT_WINDOW.is_open(at, zone) is expected


@pytest.mark.parametrize(
    ("utc", "opened"),
    [
        ("2025-03-28T08:00", True),  # Friday before the change: 9:00 in Warsaw
        ("2025-03-28T07:59", False),
        ("2025-03-31T07:00", True),  # Monday after it: 9:00 already
        ("2025-03-31T06:59", False),
        ("2025-03-31T18:00", False),  # closing is exclusive: 20:00
        ("2025-03-31T17:59", True),
        ("2025-10-27T08:00", True),  # Monday after the clocks went back
        ("2025-10-27T07:59", False),
    ],
)
def test_summer_time_moves_the_window_with_the_contact(utc: str, opened: bool) -> None:
    assert DEFAULT_WINDOW.is_open(datetime.fromisoformat(utc).replace(tzinfo=UTC), "Europe/Warsaw") is opened


@pytest.mark.parametrize(
    ("opens", "closes", "at", "opening"),
    [
        # 2:00 to 3:00 is not there on 30 March: an opening in it counts from 3:00.
        ("02:30", "05:00", "2025-03-29T20:00", "2025-03-30T01:00"),
        ("02:10", "02:50", "2025-03-29T20:00", "2025-04-06T00:10"),
        # 2:00 to 3:00 is there twice on 26 October: the window opens in both.
        ("02:30", "02:45", "2025-10-25T20:00", "2025-10-26T00:30"),
        ("02:30", "02:45", "2025-10-26T00:50", "2025-10-26T01:30"),
        ("01:00", "02:30", "2025-10-26T00:40", "2025-10-26T01:00"),
    ],
)
def test_openings_where_the_clocks_are_turned(opens: str, closes: str, at: str, opening: str) -> None:
    sundays = CallingWindow({6: DayWindow(time.fromisoformat(opens), time.fromisoformat(closes))})
    found = sundays.next_opening(datetime.fromisoformat(at).replace(tzinfo=UTC), "Europe/Warsaw")
    assert found == datetime.fromisoformat(opening).replace(tzinfo=UTC)


def test_a_window_that_never_opens_says_so() -> None:
    assert not CallingWindow({}).ever_opens()
    backwards = CallingWindow({0: DayWindow(time(20), time(9))})
    assert not backwards.ever_opens()
    assert backwards.next_opening(SPRING, "UTC") is None
