"""No template says anything that cannot be translated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.translations import ROOT, packages
from tests.architecture.template_texts import bare_texts

#: Names that are the same in every language, and two macros that write attributes.
SAME_EVERYWHERE = re.compile(
    r"(?:[…·\s]|Hookline|CSV|UTC|English|Polski|openapi\.json)+|(?:hookline:|aria-describedby=).*", re.DOTALL
)
TEMPLATES = sorted(
    file
    for folder in packages().values()
    if (folder / "templates").is_dir()
    for file in folder.glob("templates/**/*.html")
)


def _short(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_there_are_templates_of_web_and_of_plugins() -> None:
    assert {_short(file).split("/")[0] for file in TEMPLATES} == {"web", "plugins"}


@pytest.mark.parametrize("file", TEMPLATES, ids=_short)
def test_every_text_of_a_template_goes_through_gettext(file: Path) -> None:
    found = bare_texts(file.read_text("utf-8"))
    assert [(line, text) for line, text in found if not SAME_EVERYWHERE.fullmatch(text)] == [], "wrap it in _()"


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<p>Hello you</p>", ["Hello you"]),
        ("<p>{{ name }} is away</p>", ["… is away"]),
        ("{% if late %}<b>too late</b>{% endif %}", ["too late"]),
        ("{% macro head() %}<h1>Calls</h1>{% endmacro %}", ["Calls"]),
        ('<input placeholder="Search here">', ["Search here"]),
        ('<button title="{{ x }} more">+</button>', ["… more"]),
        ('<input type="submit" value="Save">', ["Save"]),
        ('{{ ui.badge("Not ready", "warn") }}', ["Not ready"]),
        ('{% call ui.page_header("Clients") %}{% endcall %}', ["Clients"]),
        ('<p>{{ "Yes" if on else _("No") }}</p>', ["Yes"]),
        ("{% trans %}Hello you{% endtrans %}<p>{{ _('Hello') }} {{ ngettext('One', 'Many', 2) }}</p>", []),
        ('{# A remark #}<code>GET /api</code><kbd>Esc</kbd><td class="a b">{{ 5 }} %</td>', []),
        ('<fieldset{{ " disabled" if not id }}><p data-x="some words">{{ icon("x") }}</p></fieldset>', []),
        ("{% if state == 'Ready' %}{{ names['Anna B'] }}{% endif %}", []),
    ],
)
def test_the_check_finds_what_is_bare_and_nothing_else(source: str, texts: list[str]) -> None:
    assert [text for _, text in bare_texts(source)] == texts


def test_a_finding_names_its_line() -> None:
    assert bare_texts("{% if a %}\n{{ x }}\n{% endif %}\n<p>here</p>") == [(4, "here")]
