"""A campaign's target and when it is reached: from the last week's pace and the calling window, with a range."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from hookline.db.models import Call, Campaign, CampaignContact
from hookline.domain.access import Scope
from hookline.domain.campaigns import DEFAULT_WINDOW, CallingWindow
from hookline.services.calling_windows import public_holidays
from hookline.services.campaign_forecast import Forecast, after_open_hours
from hookline.testing.centre import Centre

EVERYTHING = Scope.everything()
NUMBERS = [f"+4822123{n:04}" for n in range(6000, 6060)]


def _forecast(centre: Centre, campaign: int) -> Forecast:
    found = centre.runtime.forecasts.of_campaign(EVERYTHING, campaign)
    assert found is not None
    return found


def _change(centre: Centre, campaign: int, **values: object) -> None:
    with centre.runtime.db.write() as unit:
        unit.session.execute(update(Campaign).where(Campaign.id == campaign).values(**values))


def test_a_target_of_successes_is_forecast_by_the_pace_in_calling_time(centre: Centre) -> None:
    anna = centre.agent("anna")
    campaign = centre.campaign(NUMBERS, agents=[anna], target=18)
    assert _forecast(centre, campaign).state == "too-early"
    centre.start_work(anna)
    for code in ("SUCCESS", "REFUSED") * 6:
        centre.talk(anna, code, seconds=2)
    first = min(call.queued_at for call in centre.calls())
    centre.clock.set(first + timedelta(hours=2))  # calling time all the while
    found = _forecast(centre, campaign)
    assert (found.state, found.reached, found.target, round(found.per_hour or 0)) == ("open", 6, 18, 3)
    assert found.earliest is not None
    assert found.likely is not None
    assert found.latest is not None
    assert found.earliest < found.likely < found.latest
    expected = after_open_hours(DEFAULT_WINDOW, centre.clock.now(), 4)
    assert expected is not None
    assert abs(found.likely - expected) < timedelta(minutes=1)
    assert (found.contacts_suffice, found.in_time) == (True, True)
    _change(centre, campaign, target=40, ends_at=centre.clock.now() + timedelta(hours=1))
    late = _forecast(centre, campaign)
    assert (late.contacts_suffice, late.in_time) == (False, False)
    _change(centre, campaign, target=6)
    assert _forecast(centre, campaign).state == "reached"


def test_a_target_of_contacts_counts_those_that_are_done(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    try:
        campaign = centre.campaign(NUMBERS[:20], agents=[centre.agent("anna")], target=15, target_kind="contacts")
        with centre.runtime.db.write() as unit:
            done = CampaignContact.id <= 9
            unit.session.execute(update(CampaignContact).where(done).values(state="done"))
        found = _forecast(centre, campaign)
        assert (found.reached, found.contacts_suffice) == (9, True)
        _change(centre, campaign, target=21)
        assert not _forecast(centre, campaign).contacts_suffice
        with centre.runtime.db.read() as session:
            assert session.query(Call).count() == 0
        _change(centre, campaign, target=0)
        assert centre.runtime.forecasts.of_campaign(EVERYTHING, campaign) is None
    finally:
        centre.close()


def test_time_goes_on_only_while_the_window_is_open() -> None:
    thursday = datetime(2026, 4, 30, 17, 0, tzinfo=UTC)  # 19:00 in Warsaw; the day after is a holiday
    window = CallingWindow(DEFAULT_WINDOW.days, public_holidays(("PL",)))
    saturday = after_open_hours(window, thursday, 3)
    assert saturday == datetime(2026, 5, 2, 10, 0, tzinfo=UTC)  # an hour on Thursday, then from ten on Saturday
    never = CallingWindow({})
    assert after_open_hours(never, thursday, 1) is None
