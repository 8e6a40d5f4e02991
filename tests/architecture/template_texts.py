"""What a template says by itself, without gettext: text between tags, attributes that are read out, words in calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, nodes

#: Attributes that people read or hear.
READ_OUT = frozenset({"title", "alt", "placeholder", "aria-label", "aria-description", "label"})
#: What stands in these is code, not a language.
CODE = frozenset({"code", "kbd", "pre", "samp", "script", "style"})
GETTEXT = frozenset({"_", "N_", "gettext", "ngettext", "pgettext", "npgettext"})
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"[A-ZĆŁŚŹŻ][a-ząćęłńóśźż]+(?:[ .,:!?…]|$)")
_VALUE = "\ufffc"  # where an expression's value comes; no letter, and no end of a tag's name

_environment = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n"], autoescape=True)


class _Reader(HTMLParser):
    """Collects the texts of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._in_code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_code += tag in CODE
        for name, value in attrs:
            if name in READ_OUT or (name == "value" and tag == "input" and ("type", "submit") in attrs):
                self._take(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_code -= tag in CODE

    def handle_data(self, data: str) -> None:
        if not self._in_code:
            self._take(data)

    def _take(self, text: str) -> None:
        if _LETTERS.search(text):
            self.found.append((self.getpos()[0], " ".join(text.replace(_VALUE, " … ").split())))


def bare_texts(source: str) -> list[tuple[int, str]]:
    """(line, text) of everything with letters in it that no gettext call brings in."""
    reader = _Reader()
    reader.feed("".join(_written(source)))
    reader.close()
    return reader.found + list(_bare_words(source))


def _written(source: str) -> Iterator[str]:
    """The template's own writing; expressions become a mark, their line ends stay so that lines can be counted."""
    translated = False
    block: list[str] = []
    for _, kind, value in _environment.lex(source):
        if kind == "data":
            yield "\n" * value.count("\n") if translated else value
        elif kind == "variable_begin":
            yield _VALUE
        else:
            yield "\n" * value.count("\n")
        if kind == "block_begin":
            block = []
        elif kind == "name":
            block.append(value)
        elif kind == "block_end" and block[:1] in (["trans"], ["endtrans"]):
            translated = block[0] == "trans"


def _bare_words(source: str) -> Iterator[tuple[int, str]]:
    """Strings in expressions that begin like a sentence: titles and labels that are handed to macros."""
    yield from _below(_environment.parse(source))


def _below(node: nodes.Node) -> Iterator[tuple[int, str]]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in GETTEXT:
        return
    if isinstance(node, nodes.Compare | nodes.Getitem | nodes.Test):
        return  # a value that is compared or looked up is no text
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and _SENTENCE.match(node.value):
        yield node.lineno, node.value
    for child in node.iter_child_nodes():
        yield from _below(child)
