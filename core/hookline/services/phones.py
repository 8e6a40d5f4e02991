"""Phone numbers: E.164 by a default country, the country and time zone of a number, and numbers never to be dialled."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, shortnumberinfo

from hookline.errors import InvalidInput
from hookline.services.time_zones import outermost_zones, zone_of
from hookline.text import N_

#: Emergency numbers of the world that are refused in the notation of every country: a wrong call costs a life.
_EMERGENCY_ANYWHERE = frozenset(
    {"112", "911", "999", "000", "110", "111", "113", "114", "115", "117", "118", "119", "986", "997", "998"}
)
_COSTLY = (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)
#: What people write before a number, and what spreadsheets leave around it.
_AROUND = re.compile(r"^(?:=?\"|')?\s*(?:tel(?:efon)?|phone|fax|kom|mob(?:ile)?)?\s*[.:]*\s*|[\"\s]+$", re.IGNORECASE)
_ALLOWED = re.compile(r"[\d\s()+.\-–—/]+")
_SCIENTIFIC = re.compile(r"\d[.,]\d+\s*E\s*\+?\d+", re.IGNORECASE)
_FLOAT = re.compile(r"(\+?\d{7,15})[.,]0")
_SEVERAL = re.compile(r"\d{5,}[^\d]*[;,/|][^\d]*\d{5,}|\d{7,}\s+\+?\d{7,}")
_HIDDEN = re.compile(
    r"anoni?y?m\w*|hidden|unknown|private|restricted|withheld|zastrze[zż]on\w*|prywatn\w*|nieznan\w*|ukryt\w*|brak|-+|—|n/?a",
    re.IGNORECASE,
)
_LONGEST = 60


class InvalidPhone(InvalidInput):
    """The text is no number that can be dialled; the message says why."""

    id = "invalid-phone"


@dataclass(frozen=True)
class Phone:
    """A number that can be dialled. `country` is an ISO 3166 code ("001" for worldwide codes), `time_zone` IANA."""

    e164: str
    country: str
    time_zone: str


def countries() -> list[str]:
    """ISO 3166 codes of the countries whose numbers are known, sorted."""
    return sorted(phonenumbers.SUPPORTED_REGIONS)


def normalise(text: str, country: str) -> Phone:
    """The number as E.164; numbers without an international prefix are read as those of `country` (ISO 3166).

    Raises `InvalidPhone` with the reason: missing, hidden, several in one, not a number, an emergency or short number,
    too short or long, not valid in its country.
    """
    cleaned = _cleaned(text)
    number = _parse(cleaned, country.upper())
    if is_emergency(cleaned, country):
        raise InvalidPhone(N_("This is an emergency number."))
    _require_valid(number, cleaned, country.upper())
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    region = phonenumbers.region_code_for_number(number) or country.upper()
    return Phone(e164, region, zone_of(number, region))


def time_zone_of(e164: str) -> str:
    """The IANA zone of an E.164 number: by its area where that tells, else its country's principal zone, else UTC."""
    number = _parsed(e164, None)
    if number is None:
        return "UTC"
    return zone_of(number, phonenumbers.region_code_for_number(number) or "")


def possible_zones(e164: str, known: str) -> tuple[str, ...]:
    """The zones where the owner of a number may be: `known`, unless that was only guessed from the number.

    Then the number's first and last zone by the clock, so that what is allowed in both is allowed in all between.
    """
    number = _parsed(e164, None)
    if number is None or known != zone_of(number, phonenumbers.region_code_for_number(number) or ""):
        return (known,)
    return outermost_zones(number) or (known,)


def spaced(e164: str) -> str:
    """The number as people read it, "+48 22 123 45 67"; what is no number comes back as it is."""
    number = _parsed(e164, None)
    if number is None:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def country_of(number: str) -> str | None:
    """The ISO 3166 code of an E.164 number's country ("001" for worldwide codes); None where it has none."""
    parsed = _parsed(number, None)
    if parsed is None:
        return None
    return phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )


def is_emergency(number_or_text: str, region: str) -> bool:
    """Whether it is an emergency number of `region` or of the world, in national or prefixed form ("112", "+48112")."""
    digits = re.sub(r"[^\d+]", "", _ascii(number_or_text))
    region = region.upper()
    if not digits:
        return False
    forms = {digits.lstrip("+"), digits.lstrip("+0")} | _without_prefix(digits, region)
    if forms & _EMERGENCY_ANYWHERE:
        return True
    return any(shortnumberinfo.is_emergency_number(form, region) for form in forms if len(form) <= 6)


def is_premium(number: str) -> bool:
    """Whether calling the E.164 number costs more than an ordinary call (premium rate or shared cost)."""
    parsed = _parsed(number, None)
    return parsed is not None and phonenumbers.number_type(parsed) in _COSTLY


def is_short(text: str, region: str) -> bool:
    """Whether it is a short number (emergency, information, text services) of the region; these are never dialled."""
    parsed = _parsed(text, region.upper())
    return parsed is not None and shortnumberinfo.is_possible_short_number(parsed)


def _ascii(text: str) -> str:
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else c
        for c in unicodedata.normalize("NFKC", text)
        if c.isprintable()
    )


def _cleaned(text: str) -> str:
    plain = _AROUND.sub("", _ascii(text).strip()).strip()
    if not plain:
        raise InvalidPhone(N_("The phone number is missing."))
    if _HIDDEN.fullmatch(plain):
        raise InvalidPhone(N_("The phone number is missing or hidden."))
    if _SCIENTIFIC.fullmatch(plain):
        raise InvalidPhone(
            N_("A spreadsheet has shortened the number (“%(text)s”); format the column as text and save again."),
            params={"text": plain[:_LONGEST]},
        )
    if whole := _FLOAT.fullmatch(plain):
        return whole.group(1)
    if _SEVERAL.search(plain):
        raise InvalidPhone(N_("There is more than one phone number in one cell."))
    if not _ALLOWED.fullmatch(plain):
        raise InvalidPhone(N_("“%(text)s” is not a phone number."), params={"text": plain[:_LONGEST]})
    return plain


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _parse(cleaned: str, country: str) -> PhoneNumber:
    # "00" is how half the world writes the international prefix, also where the country's own is another.
    international = "+" + cleaned[2:] if cleaned.startswith("00") else cleaned
    number = _parsed(international, country) or _parsed(cleaned, country)
    if number is None:
        raise InvalidPhone(N_("“%(text)s” is not a phone number."), params={"text": cleaned[:_LONGEST]})
    if not phonenumbers.is_valid_number(number) and cleaned.startswith("0"):
        # Old lists carry a trunk zero that the country has given up ("0 22 …" in Poland).
        without = _parsed(cleaned.lstrip("0"), country)
        if without is not None and phonenumbers.is_valid_number(without):
            return without
    return number


def _require_valid(number: PhoneNumber, cleaned: str, country: str) -> None:
    if phonenumbers.is_valid_number(number):
        return
    if is_short(cleaned, country):
        raise InvalidPhone(N_("“%(text)s” is a short number."), params={"text": cleaned[:_LONGEST]})
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    params = {"text": cleaned[:_LONGEST], "country": region if region != "ZZ" else country}
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        raise InvalidPhone(N_("“%(text)s” is too short for a number in %(country)s."), params=params)
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        raise InvalidPhone(N_("“%(text)s” is too long for a number in %(country)s."), params=params)
    raise InvalidPhone(N_("“%(text)s” is not a valid number in %(country)s."), params=params)


def _without_prefix(digits: str, region: str) -> set[str]:
    """What is left of the number without an international prefix and country code, and without a trunk zero."""
    code = str(phonenumbers.country_code_for_region(region) or "")
    left = set()
    for prefix in ("+", "00", "011", ""):
        if digits.startswith(prefix):
            rest = digits[len(prefix) :]
            if code and rest.startswith(code):
                left.add(rest[len(code) :])
            parsed = _parsed("+" + rest, None)
            if prefix and parsed is not None:
                left.add(str(parsed.national_number))
    return left | {form[1:] for form in left if form.startswith("0")}
