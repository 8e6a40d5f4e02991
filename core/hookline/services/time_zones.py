"""The time zone of a phone number."""

from __future__ import annotations

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


def zone_of(number: PhoneNumber, country: str) -> str:
    """The IANA zone: the number's own where its area has exactly one, else the country's principal one, else UTC."""
    zones = [z for z in time_zones_for_number(number) if _exists(z)]
    if len(zones) == 1:
        return zones[0]
    principal = _PRINCIPAL.get(country) or _first_zones().get(country)
    if principal is not None and _exists(principal) and (not zones or principal in zones):
        return principal
    return zones[0] if zones else "UTC"


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
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    first: dict[str, str] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _place, zone = line.split("\t")[:3]
            first.setdefault(country, zone)
    return first
