"""A script's file: what is accepted, and that every complaint names its place."""

from __future__ import annotations

import pytest

from hookline.domain.scripts import QuestionKind
from hookline_scripts.errors import InvalidScript, Problem
from hookline_scripts.format import parse_script, pick
from tests.plugins.scripts.sample_script import TEXT


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidScript) as caught:
        parse_script(text)
    assert caught.value.fields["text"] == [problem.text for problem in caught.value.problems]
    return caught.value.problems


def one(text: str) -> Problem:
    (only,) = problems(text)
    return only


def test_a_script_is_read_as_written() -> None:
    source = parse_script(TEXT)
    assert source.title == "Offer"
    assert [q.kind for step in source.steps for q in step.questions] == [
        QuestionKind.CHOICE,
        QuestionKind.YES_NO,
        QuestionKind.NUMBER,
        QuestionKind.DATE,
        QuestionKind.TEXT,
    ]
    interest = source.question("interest")
    assert interest is not None
    assert interest.choices == ("yes", "no"), "YAML's own yes and no must not become true and false"
    assert interest.required
    assert source.question("nothing") is None


@pytest.mark.parametrize(
    ("texts", "language", "expected"),
    [
        ({"pl": "P", "en": "E"}, "pl", "P"),
        ({"pl": "P", "en": "E"}, "pl-PL", "P"),
        ({"pl": "P", "en": "E"}, "de", "E"),
        ({"pl": "P"}, "en", "P"),
        ({"": "all"}, "pl", "all"),
        ({}, "pl", ""),
    ],
)
def test_a_text_falls_back_to_a_language_that_is_there(texts: dict[str, str], language: str, expected: str) -> None:
    assert pick(texts, language) == expected


def test_an_unknown_field_is_named_with_its_line_and_the_fields_there_are() -> None:
    problem = one(
        "title: T\nsteps:\n  - title: A\n    say: |\n      First line.\n      Hello {{ contact.frist_name }}\n"
    )
    assert (problem.line, problem.step, problem.name) == (6, 1, "say")
    assert problem.params["field"] == "contact.frist_name"
    assert problem.params["closest"] == "contact.first_name"
    assert "contact.first_name, contact.last_name" in problem.text


@pytest.mark.parametrize(
    "say",
    [
        "{{ contact }}",
        "{{ first_name }}",
        "{{ contact.__class__ }}",
        "{{ contact.name.upper() }}",
        "{{ contact['na' ~ 'me'] }}",
        "{{ campaign.secret }}",
        "{{ contact.custom }}",
        "{{ contact.custom.a.b }}",
        "{{ config.SECRET_KEY }}",
        "{{ cycler.__init__.__globals__ }}",
        "{% for i in range(9) %}x{% endfor %}",
        "{% set x = 1 %}",
        "{% include 'a' %}",
        "{{ 'a' * 1000000000 }}",
        "{{ contact.name|attr('x') }}",
        "{{ contact.name|default }}",
        "{{ contact.name > 5 }}",
        "{{ contact.name == 5 }}",
        "{{ contact.name",
        "{% if contact.name %}never closed",
    ],
)
def test_texts_hold_fields_conditions_and_a_few_filters_only(say: str) -> None:
    found = problems(f"title: T\nsteps:\n  - title: A\n    say: >-\n      {say}\n")
    assert all(problem.step == 1 for problem in found)


@pytest.mark.parametrize(
    "say",
    [
        "{{ contact.custom.policy }} {{ contact.custom['Numer polisy'] }}",
        "{% if contact.city == 'Poznań' and not contact.company %}a{% elif contact.email %}b{% else %}c{% endif %}",
        "{{ contact.first_name or contact.company }} {{ contact.email|default('none')|upper }}",
        "{{ 'A' if contact.city else 'B' }} {# a note #}",
    ],
)
def test_what_scripts_need_is_allowed(say: str) -> None:
    source = parse_script(f'title: T\nsteps:\n  - title: A\n    say: "{say}"\n')
    assert source.steps[0].say == {"": say}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "begins with"),
        ("just words", 1, "begins with"),
        ("title: A\nsteps: [", 3, "YAML"),
        ("title: A\n\tsteps: 1", 2, "YAML"),
        ("title: A", 1, "missing"),
        ("title: A\nsteps: []", 2, "at least one step"),
        ("title: A\nsteps: words", 2, "list"),
        ("title: A\nsteps:\n  - words", 3, "name: value"),
        ("title: A\nsteps:\n  - title: S", 3, "say or to ask"),
        ("title: A\nsteps:\n  - title: S\n    says: x\n    say: y", 4, "no such entry"),
        ("title: A\ntitle: B\nsteps: []", 2, "twice"),
        ("title: A\nsteps:\n  - title: S\n    say: {polski: x}", 4, "two letters"),
        ("title: A\nsteps:\n  - title: S\n    ask:\n      - {key: Q, label: L}", 5, "small letters"),
        ("title: A\nsteps:\n  - title: S\n    ask:\n      - {key: q, label: L, kind: colour}", 5, "one of"),
        ("title: A\nsteps:\n  - title: S\n    ask:\n      - {key: q, label: L, kind: choice}", 5, "two or more"),
        ("title: A\nsteps:\n  - title: S\n    ask:\n      - {key: q, label: L, choices: [a, b]}", 5, "Only a question"),
        ("title: &a A\nsteps: *a", 2, "References"),
    ],
)
def test_each_mistake_names_its_line(text: str, line: int, words: str) -> None:
    problem = one(text)
    assert problem.line == line
    assert words in problem.text


def test_a_key_used_twice_is_named_at_both_places() -> None:
    text = (
        "title: A\nsteps:\n  - title: S\n    ask:\n      - {key: q, label: L}\n"
        "  - title: U\n    ask:\n      - {key: q, label: M}\n"
    )
    assert [(p.line, p.step) for p in problems(text)] == [(5, 1), (8, 2)]


@pytest.mark.parametrize("text", ["[" * 5000, "a: " * 3000, "title: \x00", "x" * 100_001, "? [a, b]\n: c", "%" * 99])
def test_hostile_texts_are_refused_in_words(text: str) -> None:
    assert problems(text)
