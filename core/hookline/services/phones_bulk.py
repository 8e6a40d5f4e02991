"""Many phone numbers at once: the usual ones by patterns compiled from the reference's own tables, the rest one by one.

`hookline.services.phones.normalise` (with `phonenumbers`, the reference) takes some hundred microseconds, mostly to
find out which of the many unusual notations it has before it. A usual number, digits with or without a plus, needs a
tenth of one: one regular expression for each country and length, put together from the patterns in `phonenumbers`
themselves. Whatever is not plainly usual, and every number that these patterns do not find valid, goes to `normalise`:
so that what is refused, and how, is always the reference's word. See docs/adr for why this and not a faster library.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc
from phonenumbers.tzdata import TIMEZONE_DATA

from hookline.services.phones import InvalidPhone, Phone, normalise
from hookline.services.time_zones import zone_of

_APART: Final = str.maketrans("", "", " -")
_USUAL: Final = re.compile(r"\+?\d[\d \-]*\d", re.ASCII)
_FEWEST, _MOST = 7, 13
_TYPES: Final = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
)


class _Region:
    """What one country's numbers look like, by the reference's metadata."""

    def __init__(self, name: str, found: PhoneMetadata) -> None:
        self.name = name
        self.leading = re.compile(found.leading_digits) if found.leading_digits else None
        self._patterns = _patterns(found)

    def has(self, national: str) -> bool:
        """Whether it is a valid national significant number here."""
        pattern = self._patterns.get(len(national))
        return pattern is not None and pattern.fullmatch(national) is not None


class _Code:
    """A calling code: its countries in the reference's order, and what it takes off the front of a number."""

    def __init__(self, code: int) -> None:
        self.digits = str(code)
        names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        self._main = _metadata(code, names[0])
        self.regions = [_Region(name, _metadata(code, name)) for name in names]
        front = self._main.national_prefix_for_parsing
        self._front = re.compile(front) if front else None
        self.zone = _only_zone(self.digits, names[0]) if len(names) == 1 else None

    def region_of(self, national: str) -> str | None:
        """The country of a national number as the reference finds it; None where it is not plainly valid."""
        if national[0] == "0" or self._takes_off(national):
            return None
        if len(self.regions) == 1:
            return self.regions[0].name if self.regions[0].has(national) else None
        for region in self.regions:
            if region.leading is not None:
                if region.leading.match(national):
                    return region.name if region.has(national) else None
            elif region.has(national):
                return region.name
        return None

    def _takes_off(self, national: str) -> bool:
        """Whether the reference would cut or rewrite the front (a trunk prefix, a carrier's code)."""
        if self._front is None:
            return False
        found = self._front.match(national)
        if found is None:
            return False
        return found.end() > 0 or any(group is not None for group in found.groups())


class BulkNumbers:
    """Reads numbers for one country, in which those without a prefix are written. Not to be shared by threads."""

    def __init__(self, country: str) -> None:
        self._country = country.upper()
        code = phonenumbers.country_code_for_region(self._country)
        self._home = _code(code) if code else None
        found = phonenumbers.PhoneMetadata.metadata_for_region(self._country, None)
        out = found.international_prefix if found else None
        self._out = re.compile(out) if out else None
        trunk = found.national_prefix if found else None
        general = found.general_desc if found else None
        self._general = re.compile((general and general.national_number_pattern) or "", re.ASCII)
        # Only the plainest trunk prefix is taken off here.
        self._trunk = trunk == "0" and found is not None and found.national_prefix_for_parsing == "0"

    def read(self, texts: Sequence[str]) -> list[Phone | InvalidPhone]:
        """Each text's number, or why it is none: exactly as `normalise` says."""
        usual = self.usual
        return [usual(text) or self._by_reference(text) for text in texts]

    def usual(self, text: str) -> Phone | None:
        """The number where it is a usual one; None says nothing about it."""
        if not _USUAL.fullmatch(text):
            return None
        digits = text.translate(_APART)
        if digits[0] == "+":
            return self._prefixed(digits[1:]) if _FEWEST <= len(digits) - 1 <= _MOST else None
        if not _FEWEST <= len(digits) <= _MOST or self._home is None:
            return None
        if digits.startswith(self._home.digits) or (self._out is not None and self._out.match(digits)):
            # It may be written with the country's code, or to abroad, without a plus: the reference decides.
            return None
        if digits[0] == "0":
            if not self._trunk or digits[1] == "0" or digits.startswith("011") or self._general.fullmatch(digits):
                return None
            digits = digits[1:]
        return _phone(self._home, digits)

    def _prefixed(self, digits: str) -> Phone | None:
        for length in (1, 2, 3):
            code = int(digits[:length])
            if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
                found = _code(code)
                return _phone(found, digits[length:]) if found is not None else None
        return None

    def _by_reference(self, text: str) -> Phone | InvalidPhone:
        try:
            return normalise(text, self._country)
        except InvalidPhone as error:
            return error


def _phone(code: _Code, national: str) -> Phone | None:
    # Seven digits and more: no short or emergency number looks so.
    if len(national) < _FEWEST or national[0] == "0":
        return None
    region = code.region_of(national)
    if region is None:
        return None
    e164 = f"+{code.digits}{national}"
    return Phone(e164, region, code.zone or zone_of(phonenumbers.parse(e164), region))


@cache
def _code(code: int) -> _Code | None:
    names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code)
    return _Code(code) if names and names[0] != "001" else None


def _metadata(code: int, name: str) -> PhoneMetadata:
    found = PhoneMetadata.metadata_for_region_or_calling_code(code, name)
    if found is None:
        raise LookupError(f"phonenumbers has no metadata for {name}")
    return found


def _patterns(found: PhoneMetadata) -> dict[int, re.Pattern[str]]:
    """By the length of a national number: one pattern for all kinds of numbers that have this length."""
    general = found.general_desc
    if general is None:
        return {}
    kinds = [kind for name in _TYPES if (kind := getattr(found, name)) is not None and kind.national_number_pattern]
    patterns = {}
    for length in general.possible_length:
        fitting = [kind.national_number_pattern for kind in kinds if _may_have(kind, length)]
        if fitting:
            either = "|".join(f"(?:{pattern})" for pattern in fitting)
            # The general pattern has to fit too; it looks ahead, the kinds then take the digits.
            patterns[length] = re.compile(f"(?=(?:{general.national_number_pattern})$)(?:{either})", re.ASCII)
    return patterns


def _may_have(kind: PhoneNumberDesc, length: int) -> bool:
    return not kind.possible_length or length in kind.possible_length


def _only_zone(code: str, region: str) -> str | None:
    """The zone of every number of the code, where the reference's table has just one for it."""
    zones = {zone for prefix, found in TIMEZONE_DATA.items() if prefix.startswith(code) for zone in found}
    example = phonenumbers.example_number(region)
    return zone_of(example, region) if len(zones) == 1 and example is not None else None
