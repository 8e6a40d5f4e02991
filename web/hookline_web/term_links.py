"""Makes links of terms in safe HTML: in running text only, the first occurrence of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser

#: What is code, a key, a heading or a link already stays as it is.
_LEFT_ALONE = frozenset({"a", "code", "pre", "kbd", "h1", "h2", "h3", "h4", "h5", "h6", "th"})
_VOID = frozenset({"br", "hr", "img"})


class Linker(HTMLParser):
    """Reads well-formed HTML and writes it again. For one document.

    `words` are the terms' names by their forms in small letters, "" for what is no term; `summaries` what a link says
    when pointed at; `address` the link's address with `%s` for the name.
    """

    def __init__(self, words: Mapping[str, str], summaries: Mapping[str, str], address: str) -> None:
        super().__init__(convert_charrefs=True)
        self._words = words
        self._summaries = summaries
        self._address = address
        # Longest first: "contact list" is not a contact.
        forms = "|".join(r"\s+".join(map(re.escape, form.split())) for form in sorted(words, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<![\w-])({forms})(?![\w-])", re.IGNORECASE) if forms else None
        self._used: set[str] = set()
        self._inside = 0
        self._written: list[str] = []

    def link(self, html: str) -> str:
        """The document with its links."""
        self.feed(html)
        self.close()
        return "".join(self._written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Copy the tag."""
        self._written.append(self.get_starttag_text() or "")
        self._inside += tag in _LEFT_ALONE and tag not in _VOID

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Copy the tag."""
        self._written.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """Copy the tag."""
        self._written.append(f"</{tag}>")
        self._inside -= tag in _LEFT_ALONE

    def handle_data(self, data: str) -> None:
        """Write the text, terms as links."""
        if self._pattern is None or self._inside:
            self._written.append(escape(data, quote=False))
            return
        end = 0
        for found in self._pattern.finditer(data):
            name = self._words[" ".join(found.group().casefold().split())]
            if not name or name in self._used:
                continue
            self._used.add(name)
            self._written += [escape(data[end : found.start()], quote=False), self._anchor(name, found.group())]
            end = found.end()
        self._written.append(escape(data[end:], quote=False))

    def _anchor(self, name: str, word: str) -> str:
        summary, address = escape(self._summaries.get(name, "")), escape(self._address % name)
        return f'<a class="term" href="{address}" title="{summary}">{escape(word, quote=False)}</a>'
