"""People made up by Faker, always the same ones, and the CSV files in which they come."""

from __future__ import annotations

import csv
import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hookline_web.demo.errors import DemoIncomplete
from hookline_web.demo.numbers import GERMAN_BLOCKS, PATTERN, POLISH_AREAS, german, polish

_TARIFFS = ("G11", "G12", "G12w", "C11")
_POLICIES = ("OC/AC", "mieszkanie", "NNW", "podróż")
Row = list[str]


@dataclass(frozen=True)
class ContactFile:
    """A CSV of contacts: `pairs` map custom fields to columns, the rest is guessed by the import."""

    path: Path
    list_name: str
    country: str
    pairs: dict[str, str]


def _faker(locale: str) -> Any:
    if importlib.util.find_spec("faker") is None:  # an extra, so no plain import: the command must load without it
        raise DemoIncomplete(
            "The demo makes people up with Faker, which is not installed.", "Run: pip install 'hookline[demo]'"
        )
    made = importlib.import_module("faker").Faker(locale)
    made.seed_instance(20250101)
    return made


def energy_customers(folder: Path) -> ContactFile:
    """Households that asked about photovoltaics; the last rows show what an import rejects."""
    fake, rows = _faker("pl_PL"), []
    for index, city, digit in _places(list(POLISH_AREAS), 48):
        phone = polish(city, index, digit)
        rows.append([*_person(fake), phone, fake.ascii_safe_email(), city, fake.random_element(_TARIFFS), _usage(fake)])
    rows.append(["Jan", "Bez-Numeru", "", "jan@example.org", "Warszawa", "G11", "2100"])
    rows.append(["Ewa", "Za-Krótka", "22 000", "ewa@example.org", "Warszawa", "G11", "1800"])
    rows.append(["Adam", "Alarmowy", "112", "adam@example.org", "Kraków", "G12", "3000"])
    path = folder / "fotowoltaika.csv"
    _write(path, ["Imię", "Nazwisko", "Telefon", "E-mail", "Miasto", "Taryfa", "Zużycie kWh"], rows, ";")
    pairs = {"custom:taryfa": "Taryfa", "custom:zuzycie": "Zużycie kWh"}
    return ContactFile(path, "Zapytania o fotowoltaikę", "PL", pairs)


def german_customers(folder: Path) -> ContactFile:
    """Customers of the same client in Germany, in their own language and time zone."""
    fake, rows = _faker("de_DE"), []
    for index, city, digit in _places(list(GERMAN_BLOCKS), 20):
        rows.append([*_person(fake), german(city, index, digit), fake.ascii_safe_email(), city, "de"])
    path = folder / "montage-deutschland.csv"
    _write(path, ["first name", "last name", "phone", "email", "city", "language"], rows, ",")
    return ContactFile(path, "Montage Deutschland", "DE", {})


def policy_holders(folder: Path) -> ContactFile:
    """Holders of policies that end soon: the second client's."""
    fake, rows = _faker("pl_PL"), []
    for index, city, digit in _places(list(POLISH_AREAS), 30, first=500):
        ends = date.today() + timedelta(days=fake.random_int(10, 60))
        phone = "+48 " + polish(city, index, digit)
        rows.append([" ".join(_person(fake)), phone, city, fake.random_element(_POLICIES), ends.isoformat()])
    path = folder / "polisy.csv"
    _write(path, ["Imię i nazwisko", "Nr telefonu", "Miasto", "Polisa", "Koniec ochrony"], rows, "\t")
    pairs = {"custom:polisa": "Polisa", "custom:koniec": "Koniec ochrony"}
    return ContactFile(path, "Polisy do odnowienia", "PL", pairs)


def consents(contacts: Path, folder: Path) -> Path:
    """Consents of most of the energy customers: some are missing and some have ended, so that refusals can be seen."""
    today, rows = date.today(), []
    wording = "Zgadzam się na kontakt telefoniczny w celach marketingowych ze strony Zielona Energia Demo sp. z o.o."
    for number, phone in enumerate(_phones(contacts)):
        if number % 8 == 5:
            continue
        given = today - timedelta(days=30 + 7 * number)
        ended = (today - timedelta(days=1)).isoformat() if number % 8 == 3 else ""
        rows.append([phone, given.isoformat(), wording, "2025-01", f"formularz WWW nr {1000 + number}", ended])
    path = folder / "zgody.csv"
    _write(path, ["phone", "given_at", "wording", "wording_version", "evidence", "valid_until"], rows, ";")
    return path


def _places(cities: list[str], count: int, first: int = 1) -> Iterator[tuple[int, str, int]]:
    for number in range(count):
        yield first + number, cities[number % len(cities)], PATTERN[number % len(PATTERN)]


def _person(fake: Any) -> list[str]:
    # Men's and women's forms differ in Polish: take both names from the same half.
    if fake.boolean():
        return [fake.first_name_female(), fake.last_name_female()]
    return [fake.first_name_male(), fake.last_name_male()]


def _usage(fake: Any) -> str:
    return str(fake.random_int(12, 60) * 100)


def _phones(contacts: Path) -> list[str]:
    with contacts.open(encoding="utf-8-sig", newline="") as file:
        return [row["Telefon"] for row in csv.DictReader(file, delimiter=";") if len(row["Telefon"]) > 6]


def _write(path: Path, header: Row, rows: list[Row], delimiter: str) -> None:
    """With a byte order mark, as spreadsheets write it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
