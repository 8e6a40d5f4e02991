"""Texts filled in: what is filled in is data, and what is missing shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hookline_scripts.texts import render_text
from tests.plugins.scripts.sample_script import context


def test_paragraphs_and_bold() -> None:
    html = render_text("Hello **{{ contact.name }}**.\n\nSecond.\nLine.", context(name="Łucja Nowak"))
    assert html == "<p>Hello <strong>Łucja Nowak</strong>.</p>\n<p>Second.<br>\nLine.</p>"


def test_a_missing_value_is_a_marked_placeholder() -> None:
    html = render_text("Hello {{ contact.first_name|upper }} {{ contact.custom.policy }}", context())
    assert '<mark class="script-missing">contact.first_name</mark>' in html
    assert '<mark class="script-missing">contact.custom.policy</mark>' in html


def test_custom_fields_conditions_and_defaults() -> None:
    text = "{% if contact.city %}\nIn {{ contact.city|upper }}\n{% endif %}\nNo. {{ contact.custom.no|default('?') }}"
    assert render_text(text, context(city="Łódź", custom_no="12")) == "<p>In ŁÓDŹ<br>\nNo. 12</p>"
    assert render_text(text, context()) == "<p>No. ?</p>"


def test_markup_in_values_stays_text() -> None:
    html = render_text("{{ contact.name }}", context(name="<img src=x onerror=y> **b** [l](javascript:x) & # 1. a"))
    assert "<img" not in html
    assert "<strong>" not in html
    assert "<a" not in html
    assert "&lt;img src=x onerror=y&gt; **b** [l](javascript:x) &amp;" in html


def test_markup_of_the_author_is_cut_down() -> None:
    html = render_text('<script>x</script><a href="/x" onclick="y">link</a> <p class="z">p</p>', context())
    assert "script" not in html
    assert "href" not in html
    assert "class" not in html


@given(st.text())
def test_no_value_can_make_an_element(value: str) -> None:
    html = render_text("A {{ contact.name }} B", context(name=value))
    without = (
        html.replace("<p>", "").replace("</p>", "").replace('<mark class="script-missing">', "").replace("</mark>", "")
    )
    assert "<" not in without
