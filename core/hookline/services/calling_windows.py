"""A campaign's calling window with the public holidays on which it calls nobody."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date
from functools import cache

import holidays

from hookline.db.models import Campaign
from hookline.domain.campaigns import CallingWindow


def window_of(campaign: Campaign) -> CallingWindow:
    """When the campaign's contacts may be called."""
    return CallingWindow.from_json(campaign.window, public_holidays(tuple(campaign.holidays)))


@cache
def public_holidays(countries: Sequence[str]) -> Container[date]:
    """The days that are a public holiday in any of the countries (ISO 3166), in every year."""
    return _AnyOf([holidays.country_holidays(code) for code in countries])


@cache
def countries_with_holidays() -> frozenset[str]:
    """The countries whose public holidays are known."""
    return frozenset(code for code in holidays.list_supported_countries() if len(code) == 2)


class _AnyOf:
    """Days that any of several calendars holds."""

    def __init__(self, calendars: Sequence[Container[date]]) -> None:
        self._calendars = calendars

    def __contains__(self, day: object) -> bool:
        return any(day in calendar for calendar in self._calendars)
