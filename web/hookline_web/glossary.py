"""The glossary: Markdown files in glossary/<language>/<term>.md of core, web and the active plugins.

A file begins with its heading; the next line may be `Forms:` and the other words, set apart by commas, by which the
term is known in texts: plurals, and in Polish the cases. `Only:` instead says that nothing else is the term, not even
its heading, where that is an everyday word as well ("to call"). Words behind a hyphen are something else although
a form is in them ("failed attempts" at logging in). The rest is what it means.

# Contact list
Forms: contact lists, list
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import markdown
import nh3
from markupsafe import Markup

from hookline_web.i18n import package_folder
from hookline_web.term_links import Linker

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_ALPHABET = "aąbcćdeęfghijklłmnńoóprqsśtuvwxyzźż"
_FORMS, _ONLY = "Forms:", "Only:"


@dataclass(frozen=True)
class Term:
    """A term in one language. `forms` are the words that mean it in texts, `others` those that do not although a form
    is in them; `summary` is its first sentence."""

    name: str
    title: str
    forms: tuple[str, ...]
    others: tuple[str, ...]
    text: str
    summary: str

    @property
    def letter(self) -> str:
        """The letter that it stands under."""
        return self.title[:1].upper()

    def fits(self, query: str) -> bool:
        """Whether the words occur in it, in capital or small letters."""
        wanted = query.casefold()
        return any(wanted in text.casefold() for text in (self.title, *self.forms, self.text))


class Glossary:
    """Every term of the packages. Read once: the files change with the programme only."""

    def __init__(self, packages: Iterable[str]) -> None:
        found = [folder / "glossary" for package in packages if (folder := package_folder(package))]
        self.folders = [folder for folder in found if folder.is_dir()]
        self._terms: dict[str, dict[str, Term]] = {}

    def terms(self, language: str) -> dict[str, Term]:
        """By name, in the order of the alphabet; a term that is missing in the language is there in English."""
        if language not in self._terms:
            found = {**read(self.folders, "en"), **read(self.folders, language)}
            self._terms[language] = dict(sorted(found.items(), key=lambda pair: _place(pair[1].title)))
        return self._terms[language]

    def search(self, query: str, language: str) -> list[Term]:
        """The terms that fit, all for an empty query."""
        return [term for term in self.terms(language).values() if term.fits(query.strip())]

    def body(self, term: Term, language: str, address: str) -> Markup:
        """What the term means, as safe HTML, with other terms linked."""
        html = Markup(nh3.clean(markdown.markdown(term.text, extensions=["sane_lists"])))  # noqa: S704 - cleaned
        return self.linked(html, language, address, besides=term.name)

    def linked(self, html: Markup, language: str, address: str, besides: str = "") -> Markup:
        """The safe HTML with the first occurrence of each term made a link to `address` with `%s` its name."""
        known = {name: term for name, term in self.terms(language).items() if name != besides}
        words = {form.casefold(): name for name, term in known.items() for form in term.forms}
        words |= {other.casefold(): "" for term in known.values() for other in term.others}
        summaries = {name: term.summary for name, term in known.items()}
        return Markup(Linker(words, summaries, address).link(html))  # noqa: S704 - built from safe HTML, text escaped


def read(folders: Iterable[Path], language: str) -> dict[str, Term]:
    """The terms of a language by name; of two files of one name the first folder's counts."""
    found: dict[str, Term] = {}
    for folder in folders:
        for path in sorted((folder / language).glob("*.md")):
            if _NAME.fullmatch(path.stem):
                found.setdefault(path.stem, parse(path.stem, path.read_text(encoding="utf-8")))
    return found


def parse(name: str, source: str) -> Term:
    """The term in a file's text."""
    heading, *rest = source.strip().splitlines()
    title = heading.lstrip("# ").strip()
    said = rest[0] if rest and rest[0].startswith((_FORMS, _ONLY)) else ""
    words = [word.strip() for word in said.partition(":")[2].split(",") if word.strip()]
    forms = [title] if not said.startswith(_ONLY) else []
    forms += [word for word in words if not word.startswith("-")]
    others = tuple(word[1:] for word in words if word.startswith("-"))
    text = "\n".join(rest[bool(said) :]).strip()
    return Term(name, title, tuple(dict.fromkeys(forms)), others, text, _summary(text))


def _summary(text: str) -> str:
    """The first sentence, plain: for a tooltip."""
    first = " ".join(text.partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[.!?])\s", first, maxsplit=1)[0]
    return re.sub(r"[*_`]|\[([^\]]*)\]\([^)]*\)", r"\1", sentence)


def _place(title: str) -> list[int]:
    """Where it stands in the alphabet of both languages: Ł after L, Ś after S."""
    return [_ALPHABET.find(letter) for letter in title.casefold()]
