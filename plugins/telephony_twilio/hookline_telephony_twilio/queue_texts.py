"""What callers are told while they wait, in the language of the number they called."""

from __future__ import annotations

from hookline.services.phones import country_of

_PLACES = {"pl-PL": "Jesteś w kolejce na miejscu {place}.", "en-GB": "You are number {place} in the queue."}
_VOICEMAIL = {
    "pl-PL": "Nikt nie może teraz odebrać. Zostaw wiadomość po sygnale.",
    "en-GB": "Nobody can take your call now. Please leave a message after the tone.",
}


def language_of(number: str) -> str:
    """The language to speak to who called this number of ours: Polish in Poland, else English."""
    return "pl-PL" if country_of(number) == "PL" else "en-GB"


def place_text(language: str, place: int) -> str:
    """Says the caller's place."""
    return _PLACES[language].format(place=place)


def voicemail_text(language: str) -> str:
    """Asks for a message."""
    return _VOICEMAIL[language]
