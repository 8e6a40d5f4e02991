"""The words by which people head their columns, in English and Polish."""

from __future__ import annotations

import re
import unicodedata

_WORDS: dict[str, tuple[str, ...]] = {
    "phone": (
        "phone", "phonenumber", "telephone", "telephonenumber", "mobile", "mobilephone", "cell", "cellphone", "number",
        "tel", "phone1", "telefon", "telefon1", "numer", "numertelefonu", "nrtelefonu", "nrtel", "numertel", "komorka",
        "telefonkomorkowy", "telkom", "kom", "numerkomorkowy", "msisdn", "e164",
    ),
    "phone2": (
        "phone2", "secondphone", "otherphone", "workphone", "homephone", "landline", "telefon2", "drugitelefon",
        "telefonsluzbowy", "telefondomowy", "telefonstacjonarny", "telefondodatkowy", "innytelefon", "numer2",
    ),
    "phone3": ("phone3", "thirdphone", "telefon3", "trzecitelefon", "numer3"),
    "external_id": (
        "id", "externalid", "customerid", "clientid", "contactid", "crmid", "reference", "ref", "customernumber",
        "idklienta", "numerklienta", "nrklienta", "idkontaktu", "identyfikator", "idzewnetrzne", "idcrm",
    ),
    "first_name": ("firstname", "givenname", "forename", "first", "imie", "imiona"),
    "last_name": ("lastname", "surname", "familyname", "last", "nazwisko"),
    "full_name": (
        "name", "fullname", "contact", "contactname", "customer", "person", "imieinazwisko", "nazwiskoiimie",
        "imienazwisko", "nazwiskoimie", "osoba", "klient", "kontakt", "osobakontaktowa", "nazwa",
    ),
    "company": (
        "company", "companyname", "organisation", "organization", "business", "employer", "firma", "nazwafirmy",
        "przedsiebiorstwo", "spolka", "zaklad",
    ),
    "email": ("email", "emailaddress", "mail", "adresemail", "poczta", "adresmail", "adrespocztyelektronicznej"),
    "city": ("city", "town", "place", "miasto", "miejscowosc"),
    "region": ("region", "state", "province", "county", "wojewodztwo", "stan"),
    "country": ("country", "kraj", "panstwo", "countrycode"),
    "time_zone": ("timezone", "tz", "strefaczasowa", "strefa"),
    "tags": ("tags", "tag", "labels", "tagi", "etykiety"),
    "language": ("language", "lang", "jezyk"),
    "notes": (
        "notes", "note", "comment", "comments", "remarks", "description", "uwagi", "uwaga", "notatki", "notatka",
        "komentarz", "opis",
    ),
}  # fmt: skip
_FIELD_OF = {word: name for name, words in _WORDS.items() for word in words}
#: Columns that a report of rejected rows added.
_OURS = ("row", "reason", "wiersz", "powod")


def folded(text: str) -> str:
    """The text in lower case without accents, spaces or punctuation, so that "Nr. telefonu" is "nrtelefonu"."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return re.sub(r"[\W_]", "", "".join(c for c in plain if not unicodedata.combining(c)))


def guess_field(header: str) -> str | None:
    """The field that a header's words name; None where they name none."""
    word = folded(header)
    if not word or word in _OURS:
        return None
    return _FIELD_OF.get(word)
