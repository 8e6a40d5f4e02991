"""Numbers read many at once are read as the reference reads each."""

from __future__ import annotations

import random
from collections.abc import Iterator

import phonenumbers
import pytest

from hookline.services.phones import InvalidPhone, Phone, countries, normalise
from hookline.services.phones_bulk import BulkNumbers


def _texts(country: str, count: int, chance: random.Random) -> Iterator[str]:
    """Numbers of every kind of the country, right, nearly right and wrong, as people write them."""
    examples = [e for kind in range(11) if (e := phonenumbers.example_number_for_type(country, kind))]
    for _ in range(count):
        example = chance.choice(examples)
        code, national = str(example.country_code), phonenumbers.national_significant_number(example)
        kept = chance.randrange(len(national) + 1)
        length = len(national) - kept + chance.choice([0, 0, 0, 0, -1, 1])
        national = national[:kept] + "".join(chance.choice("0123456789") for _ in range(length))
        written = [f"+{code}{national}", national, f"0{national}", code + national, f"8{national}", f"1{national}"]
        yield chance.choice([*written, f"+{code} 0{national}", f"+{code} {national[:3]}-{national[3:]}"])


def _by_reference(text: str, country: str) -> Phone | None:
    try:
        return normalise(text, country)
    except InvalidPhone:
        return None


def _usual_ones_agree(count: int, seed: int) -> int:
    chance, usual = random.Random(seed), 0
    for country in countries():
        bulk = BulkNumbers(country)
        for text in _texts(country, count, chance):
            found = bulk.usual(text)
            if found is not None:
                usual += 1
                assert found == _by_reference(text, country), (country, text)
    return usual


def test_usual_numbers_of_every_country_are_read_as_the_reference_reads_them() -> None:
    assert _usual_ones_agree(12, 3) > 400


@pytest.mark.long
def test_a_million_numbers_of_every_country_are_read_as_the_reference_reads_them() -> None:
    assert _usual_ones_agree(4_000, 5) > 150_000


@pytest.mark.parametrize("text", ["600 100 200", "+48 600-100-200", "+48600100200", "22 123 45 67"])
def test_numbers_as_most_lists_have_them_are_usual(text: str) -> None:
    assert BulkNumbers("PL").usual(text) == normalise(text, "PL")


@pytest.mark.parametrize(
    "text", ["", "112", "x", "600100200; 601100200", "0048600100200", "48600100200", "＋48600100200"]
)
def test_what_is_not_plainly_usual_is_the_references(text: str) -> None:
    assert BulkNumbers("PL").usual(text) is None
    read = BulkNumbers("PL").read([text])[0]
    assert (None if isinstance(read, InvalidPhone) else read) == _by_reference(text, "PL")
