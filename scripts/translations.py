"""Bring every package's Polish catalogue up to its source: new messages are added with an empty translation.

Nothing is guessed: a changed message is a new one, so that no translation goes out that nobody has read.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("pl",)
METHODS = [("**/static/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
OPTIONS = {"**/templates/**.html": {"extensions": "jinja2.ext.do, jinja2.ext.loopcontrols", "silent": "false"}}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2), "lazy_pgettext": ((1, "c"), 2)}


def packages() -> dict[str, Path]:
    """Import packages of the distribution and their folders."""
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed: list[str] = data["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return {Path(p).name: ROOT / p for p in listed}


def extracted(folder: Path) -> Catalog:
    """Every message of a package's source."""
    found = Catalog(project="Hookline", fuzzy=False)
    for file, _line, message, comments, context in extract_from_dir(
        folder, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        # Files without line numbers: a moved line is no change of a catalogue.
        found.add(message, None, [(file, -1)], auto_comments=comments, context=context)
    return found


def catalogue_file(folder: Path, language: str) -> Path:
    """Where a package keeps a language."""
    return folder / "locale" / language / "LC_MESSAGES" / "messages.po"


def stored(file: Path, language: str) -> Catalog:
    """A catalogue as it stands; an empty one where there is none yet."""
    if not file.exists():
        return Catalog(locale=language, project="Hookline", fuzzy=False)
    with file.open("rb") as source:
        return read_po(source, locale=language)


def update(folder: Path, language: str) -> int:
    """Write a package's catalogue anew; returns how many messages wait for a translation."""
    template = extracted(folder)
    if not len(template):
        return 0
    file = catalogue_file(folder, language)
    catalogue = stored(file, language)
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as target:
        write_po(target, catalogue, width=120, sort_output=True, omit_header=False, include_lineno=False)
    return sum(1 for message in catalogue if message.id and not message.string)


def main() -> None:
    """Update every package and say what is left to translate."""
    for name, folder in packages().items():
        for language in LANGUAGES:
            waiting = update(folder, language)
            print(f"{name} ({language}): {f'{waiting} to translate' if waiting else 'complete'}")


if __name__ == "__main__":
    main()
