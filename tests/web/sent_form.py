"""What a browser would send from a page's form, untouched."""

from __future__ import annotations

from html.parser import HTMLParser


def fields_of(page: str, form_class: str = "campaign-form") -> dict[str, list[str]]:
    """Names and values of the fields in the page's form of that class."""
    parser = _Form(form_class)
    parser.feed(page)
    return parser.sent


class _Form(HTMLParser):
    def __init__(self, form_class: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._class = form_class
        self._inside = False
        self._area = self._select = ""
        self._first: str | None = None
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = self._class in given.get("class", "")
        if self._inside:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "select":
            self._select, self._first, self._chosen = name, None, None
        elif tag == "option":
            self._first = value if self._first is None else self._first
            self._chosen = value if "selected" in given else self._chosen
        elif tag == "textarea":
            self._area = name
            self.sent.setdefault(name, [])
        elif tag == "input" and name and (given.get("type") != "checkbox" or "checked" in given):
            self.sent.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select" and self._inside:
            chosen = self._first if self._chosen is None else self._chosen
            self.sent.setdefault(self._select, []).append(chosen or "")
        elif tag == "form":
            self._inside = False
