"""The time zone of a phone number, and of an address where that tells more."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from phonenumbers import PhoneNumber
from phonenumbers.timezone import time_zones_for_number

#: Where most people of a country with several zones live.
_PRINCIPAL = {
    "AR": "America/Argentina/Buenos_Aires",
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CD": "Africa/Kinshasa",
    "CL": "America/Santiago",
    "CN": "Asia/Shanghai",
    "CY": "Asia/Nicosia",
    "DE": "Europe/Berlin",
    "EC": "America/Guayaquil",
    "ES": "Europe/Madrid",
    "FM": "Pacific/Chuuk",
    "GL": "America/Nuuk",
    "ID": "Asia/Jakarta",
    "KI": "Pacific/Tarawa",
    "KZ": "Asia/Almaty",
    "MH": "Pacific/Majuro",
    "MN": "Asia/Ulaanbaatar",
    "MX": "America/Mexico_City",
    "MY": "Asia/Kuala_Lumpur",
    "NZ": "Pacific/Auckland",
    "PF": "Pacific/Tahiti",
    "PG": "Pacific/Port_Moresby",
    "PS": "Asia/Gaza",
    "PT": "Europe/Lisbon",
    "RU": "Europe/Moscow",
    "UA": "Europe/Kyiv",
    "US": "America/New_York",
    "UZ": "Asia/Tashkent",
    "VN": "Asia/Ho_Chi_Minh",
}


#: States and provinces of countries with several zones, by the zone of most of their people. Where a state lies in
#: two zones, a number's area tells better than its name, so it is left out.
_REGIONS = {
    "US": {
        "America/New_York": "CT DE DC GA ME MD MA NH NJ NY NC OH PA RI SC VT VA WV",
        "America/Chicago": "AL AR IL IA LA MN MS MO OK WI",
        "America/Denver": "CO MT NM UT WY",
        "America/Los_Angeles": "CA WA NV",
        "America/Phoenix": "AZ",
        "America/Anchorage": "AK",
        "Pacific/Honolulu": "HI",
    },
    "CA": {
        "America/Halifax": "NS NB PE",
        "America/Toronto": "ON QC",
        "America/Winnipeg": "MB",
        "America/Regina": "SK",
        "America/Edmonton": "AB",
        "America/Vancouver": "BC",
        "America/St_Johns": "NL",
        "America/Whitehorse": "YT",
    },
    "AU": {
        "Australia/Sydney": "NSW ACT",
        "Australia/Melbourne": "VIC",
        "Australia/Brisbane": "QLD",
        "Australia/Adelaide": "SA",
        "Australia/Perth": "WA",
        "Australia/Hobart": "TAS",
        "Australia/Darwin": "NT",
    },
}


def zone_of_address(country: str, region: str, city: str) -> str | None:
    """The zone of an address in a country (ISO 3166) with several: by its state, else by a city that a zone is named
    for. None where the address does not tell, or the country has one zone only."""
    if country not in _PRINCIPAL:
        return None
    by_state = _states().get((country, region.strip().upper()))
    return by_state or _cities().get((country, " ".join(city.lower().split())))


def has_zones(country: str) -> bool:
    """Whether the country has several, so that an address may tell more than a number."""
    return country in _PRINCIPAL


def is_zone(name: str) -> bool:
    """Whether it is an IANA name that is known here."""
    return bool(name) and _exists(name)


@cache
def _states() -> dict[tuple[str, str], str]:
    return {
        (country, state): zone
        for country, zones in _REGIONS.items()
        for zone, states in zones.items()
        for state in states.split()
    }


@cache
def _cities() -> dict[tuple[str, str], str]:
    """Cities that zones are named for, of the countries with several."""
    found = {}
    for country, zone in _zone_table():
        found[country, zone.rpartition("/")[2].replace("_", " ").lower()] = zone
    return found


_WINTER = datetime(2025, 1, 15)  # a wall time, asked in each zone


def zone_of(number: PhoneNumber, country: str) -> str:
    """The IANA zone: the number's own where its area has exactly one, else the country's principal one, else UTC."""
    zones = [z for z in time_zones_for_number(number) if _exists(z)]
    if len(zones) == 1:
        return zones[0]
    principal = _PRINCIPAL.get(country) or _first_zones().get(country)
    if principal is not None and _exists(principal) and (not zones or principal in zones):
        return principal
    return zones[0] if zones else "UTC"


def outermost_zones(number: PhoneNumber) -> tuple[str, ...]:
    """The number's zones that are furthest east and west; one where all keep the same time, none where unknown."""
    zones = [z for z in time_zones_for_number(number) if _exists(z)]
    # Summer time may bring two zones together for half a year: what counts is their time without it.
    ordered = sorted(zones, key=lambda zone: (ZoneInfo(zone).utcoffset(_WINTER), zone))
    if not ordered:
        return ()
    first, last = ordered[0], ordered[-1]
    same = ZoneInfo(first).utcoffset(_WINTER) == ZoneInfo(last).utcoffset(_WINTER)
    return (first,) if same else (first, last)


@cache
def _exists(zone: str) -> bool:
    if zone == "Etc/Unknown":
        return False
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


@cache
def _first_zones() -> dict[str, str]:
    """The first zone that the IANA table names for each country; it puts the most populous first."""
    first: dict[str, str] = {}
    for country, zone in _zone_table():
        first.setdefault(country, zone)
    return first


@cache
def _zone_table() -> list[tuple[str, str]]:
    """Country and zone, in the IANA table's order."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return [(fields[0], fields[2]) for fields in lines]
