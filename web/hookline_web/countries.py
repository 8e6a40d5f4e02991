"""Countries by their names in the reader's language."""

from __future__ import annotations

from flask_babel import get_locale

from hookline.services import phones


def options() -> list[tuple[str, str]]:
    """Every country whose numbers are known, as the options of a select: ("PL", "Poland (PL)")."""
    locale = get_locale()
    names = locale.territories if locale else {}
    return sorted(
        ((code, f"{names.get(code, code)} ({code})") for code in phones.countries()), key=lambda pair: pair[1]
    )


def usual() -> str:
    """The country to offer first."""
    return "PL"
