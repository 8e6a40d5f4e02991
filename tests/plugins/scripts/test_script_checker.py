"""The checker finds each way in which a script would fail in a conversation, and nothing in a sound one."""

from __future__ import annotations

import textwrap

import pytest

from hookline_scripts.format import parse_script
from hookline_scripts.graph.checking import check
from hookline_scripts.graph.findings import Severity

SOUND = """\
title: T
languages: [en]
nodes:
  hello: {say: Hello, next: interested}
  interested:
    ask: [{key: interested, label: Interested, kind: yes_no, required: true}]
    next:
      - {to: done, when: answers.interested == yes}
      - {to: sorry, when: answers.interested == no}
  done: {kind: end, goal: true, say: "Thanks, {{ answers.interested }}"}
  sorry: {kind: end, say: Bye}
  dear: {kind: objection, title: Too dear, say: It is not}
"""


def codes(text: str, severity: Severity = Severity.ERROR) -> set[tuple[str, str]]:
    return {(found.code, found.node) for found in check(parse_script(text)) if found.severity is severity}


def graph(nodes: str, head: str = "") -> str:
    return f"title: T\n{head}nodes:\n{textwrap.indent(textwrap.dedent(nodes), '  ')}"


def test_a_sound_script_has_no_findings() -> None:
    assert check(parse_script(SOUND)) == []


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("a: {say: x}", ("dead-end", "a")),
        ("a: {kind: end}\nb: {kind: end, goal: true}", ("goal-unreachable", "b")),
        ("a: {say: x, next: b}\nb: {say: y, next: a}", ("endless", "a")),
        (
            "a: {kind: set, set: {n: '1'}, next: b}\nb: {kind: branch, next: [{to: a, when: vars.n == 2}, {to: c}]}\n"
            "c: {kind: end}",
            ("circle", "a"),
        ),
        (
            "a: {ask: [{key: q, label: Q, kind: choice, choices: [x, y]}], next: [{to: b, when: answers.q == 'x'}]}\n"
            "b: {kind: end}",
            ("choice-without-branch", "a"),
        ),
        (
            "a: {say: x, next: [{to: b, when: contact.city == 'Gdynia'}]}\nb: {kind: end}",
            ("no-way-else", "a"),
        ),
        ("a: {kind: end, say: '{{ answers.nobody }}'}", ("unset-field", "a")),
        (
            "a: {kind: branch, next: [{to: b, when: contact.nothing == '1'}, {to: b}]}\nb: {kind: end}",
            ("unknown-field", "a"),
        ),
        ("a: {say: Buy, offer: true, next: b}\nb: {kind: end}", ("offer-without-information", "a")),
        ("a: {say: Buy, offer: true, next: b}\nb: {kind: end}", ("offer-without-consent", "a")),
    ],
)
def test_each_error_is_found_and_named(nodes: str, expected: tuple[str, str]) -> None:
    assert expected in codes(graph(nodes))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("a: {kind: end}\nb: {kind: end}", ("unreachable", "b")),
        ("a: {kind: end, say: {en: Hi}, title: {pl: A, en: B}}", ("missing-translation", "a")),
        (
            "a: {ask: [{key: q, label: Q}], next: b}\nb: {kind: end, say: '{{ answers.q }}'}",
            ("perhaps-unset-field", "b"),
        ),
    ],
)
def test_a_warning_is_no_error(nodes: str, expected: tuple[str, str]) -> None:
    text = graph(nodes, "languages: [pl, en]\n")
    assert codes(text) == set()
    assert expected in codes(text, Severity.WARNING)


CONSENT = """\
about: {kind: information, say: Who we are, next: consent}
consent:
  kind: consent
  say: Do you agree?
  consent: {purpose: marketing}
  next: [{to: offer, when: answers.consent == yes}, {to: bye}]
offer: {say: Buy, offer: true, next: bye}
bye: {kind: end}
"""


def test_an_offer_behind_information_and_consent_is_sound() -> None:
    assert codes(graph(CONSENT)) == set()


def test_an_offer_to_those_who_did_not_agree_is_found() -> None:
    anyway = CONSENT.replace("when: answers.consent == yes", "when: answers.consent != 'perhaps'")
    assert codes(graph(anyway)) == {("offer-without-consent", "offer")}


def test_an_offer_that_an_objection_leads_to_is_found_too() -> None:
    aside = CONSENT + "dear: {kind: objection, title: Dear, say: No, next: offer}\n"
    assert codes(graph(aside)) == {("offer-without-consent", "offer"), ("offer-without-information", "offer")}


def test_consent_before_the_call_needs_none_in_it() -> None:
    nodes = "a: {kind: information, say: x, next: b}\nb: {say: Buy, offer: true, next: c}\nc: {kind: end}"
    assert codes(graph(nodes, "consent_before_call: true\n")) == set()


def test_a_lookup_sets_its_variables_only_where_it_was_answered() -> None:
    nodes = """\
    a:
      kind: lookup
      lookup: {url: "https://x.example/a", save: {balance: /balance}, fallback: c}
      next: b
    b: {say: "{{ vars.balance }}", next: d}
    c: {say: "{{ vars.balance }}", next: d}
    d: {kind: end}
    """
    assert codes(graph(nodes)) == {("unset-field", "c")}


def test_two_thousand_nodes_are_checked() -> None:
    nodes = "\n".join(f"n{i}: {{say: x, next: n{i + 1}}}" for i in range(1999)) + "\nn1999: {kind: end}"
    assert check(parse_script(graph(nodes))) == []
