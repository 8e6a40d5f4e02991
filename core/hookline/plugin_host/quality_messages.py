"""Which of a plugin's messages are not translated: the source's against the catalogue's."""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

_METHODS = [("**/static/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
_OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.do, jinja2.ext.loopcontrols", "silent": "false"}}
_KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), "lazy_pgettext": ((1, "c"), 2)}


def untranslated(package: Path, language: str) -> list[str]:
    """Messages of the package that a person would read in English although the language is another."""
    path = package / "locale" / language / "LC_MESSAGES" / "messages.po"
    catalogue = Catalog(locale=language)
    if path.is_file():
        with path.open("rb") as source:
            catalogue = read_po(source, locale=language)
    found = extract_from_dir(str(package), _METHODS, _OPTIONS, keywords=_KEYWORDS)
    wanted = {(_first(message), context) for _file, _line, message, _comments, context in found}
    return sorted(message for message, context in wanted if message and not _is_done(catalogue, message, context))


def _first(message: str | tuple[str, ...]) -> str:
    return message if isinstance(message, str) else message[0]


def _is_done(catalogue: Catalog, message: str, context: str | None) -> bool:
    found = catalogue.get(message, context)
    if found is None or found.fuzzy:
        return False
    strings = [found.string] if isinstance(found.string, str) else list(found.string or ())
    return bool(strings) and all(strings)
