"""Phone numbers as people write them, and those that are never dialled."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.services import phones
from hookline.services.phones import InvalidPhone


@pytest.mark.parametrize(
    "text",
    [
        "600100200",
        "600 100 200",
        "600-100-200",
        "(600) 100 200",
        "+48 600 100 200",
        "0048600100200",
        "48600100200",
        "tel. 600 100 200",
        "0 600 100 200",
        "600100200.0",
        '="600100200"',
        "'600100200",
        "６００１００２００",
        "\u202a+48 600\u00a0100\u00a0200\u202c",
    ],
)
def test_a_polish_number_is_read_however_it_is_written(text: str) -> None:
    assert phones.normalise(text, "PL") == phones.Phone("+48600100200", "PL", "Europe/Warsaw")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("brak", "missing or hidden"),
        ("numer zastrzeżony", "not a phone number"),
        ("zastrzeżony", "hidden"),
        ("anonymous", "hidden"),
        ("Jan Nowak", "not a phone number"),
        ("600100200 601100200", "more than one"),
        ("600100200; 601100200", "more than one"),
        ("4,86E+10", "spreadsheet"),
        ("112", "emergency"),
        ("+48 999", "emergency"),
        ("5321", "too short"),
        ("6001002000000", "too long"),
        ("000000000", "not a valid number|emergency|not a phone"),
        ("+999 123 456 789", "not a phone number"),
        ("+", "not a phone number"),
    ],
)
def test_what_is_no_number_says_why(text: str, reason: str) -> None:
    with pytest.raises(InvalidPhone, match=f"(?i){reason}"):
        phones.normalise(text, "PL")


def test_a_number_keeps_its_own_country_whatever_the_list_says() -> None:
    assert phones.normalise("+49 30 123456", "PL").country == "DE"
    assert phones.normalise("+1 212 555 0123", "PL").time_zone == "America/New_York"


@pytest.mark.parametrize("number", ["112", "999", "998", "997", "911", "+48112", "0048 112", "48999", "0112", "1 1 2"])
def test_emergency_numbers_are_known_in_every_form(number: str) -> None:
    assert phones.is_emergency(number, "PL")


@pytest.mark.parametrize("number", ["+48600100112", "600100999", "112600100", "", "abc", "+48221129990"])
def test_ordinary_numbers_are_no_emergency_numbers(number: str) -> None:
    assert not phones.is_emergency(number, "PL")


def test_costly_numbers_and_countries_are_told() -> None:
    assert phones.is_premium("+48700123456")
    assert phones.is_premium("+48801123456")
    assert not phones.is_premium("+48600100200")
    assert not phones.is_premium("nonsense")
    assert phones.country_of("+420601123456") == "CZ"
    assert phones.country_of("nonsense") is None


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+48600100200", "Europe/Warsaw"),
        ("+34612345678", "Europe/Madrid"),
        ("+12125550123", "America/New_York"),
        ("+18005550199", "America/New_York"),
        ("+61412345678", "Australia/Sydney"),
        ("+380501234567", "Europe/Kyiv"),
        ("nonsense", "UTC"),
    ],
)
def test_a_number_has_the_time_zone_where_it_rings(number: str, zone: str) -> None:
    assert phones.time_zone_of(number) == zone


@pytest.mark.parametrize("country", phones.countries())
def test_every_country_has_a_zone_for_its_numbers(country: str) -> None:
    example = phonenumbers.example_number(country)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    assert ZoneInfo(phones.time_zone_of(e164))


@given(st.text(max_size=40), st.sampled_from(["PL", "DE", "US", "IT"]))
def test_any_text_is_a_number_or_a_reason_and_reading_it_again_changes_nothing(text: str, country: str) -> None:
    try:
        phone = phones.normalise(text, country)
    except InvalidPhone:
        return  # any other error fails the test
    assert phonenumbers.is_valid_number(phonenumbers.parse(phone.e164, None))
    assert phones.normalise(phone.e164, "US").e164 == phone.e164
    assert not phones.is_emergency(phone.e164, country)


@given(st.integers(min_value=500_000_000, max_value=899_999_999), st.sampled_from(["", "+48 ", "0048", "tel: "]))
def test_the_notation_does_not_matter(number: int, prefix: str) -> None:
    plain, spaced = str(number), f"{prefix}{number:_}".replace("_", " ")
    try:
        expected = phones.normalise(plain, "PL").e164
    except InvalidPhone:
        with pytest.raises(InvalidPhone):
            phones.normalise(spaced, "PL")
    else:
        assert phones.normalise(spaced, "PL").e164 == expected
