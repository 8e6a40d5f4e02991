"""Walking a script: forward, back, aside and home; and reading graphs that cannot be walked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline_scripts.errors import InvalidScript
from hookline_scripts.format import ScriptSource, parse_script
from hookline_scripts.graph.conditions import Value
from hookline_scripts.graph.model import Lookup
from hookline_scripts.graph.values import all_values
from hookline_scripts.graph.walking import CannotGoOn, Place, Walk
from hookline_scripts.polish_names import by_gender, vocative
from tests.plugins.scripts.sample_script import context

TEXT = """\
title: T
nodes:
  hello:
    ask: [{key: age, label: Age, kind: number, required: true}]
    next: [{to: compute, when: answers.age >= 18}, {to: bye}]
  compute: {kind: compute, set: {years: answers.age - 18}, next: account}
  account:
    kind: lookup
    lookup: {url: "https://crm.example/a", save: {balance: /balance}, fallback: unknown}
    next: [{to: rich, when: vars.balance > 100}, {to: again}]
  unknown: {say: We cannot see it, next: bye}
  rich: {say: "{{ vars.years }} {{ vars.balance }}", next: bye}
  again: {visits: 3, say: Once more, next: again}
  bye: {kind: end}
  dear: {kind: objection, title: Dear, say: It is not}
  never: {kind: objection, title: Never, say: As you wish, next: bye}
"""


class Conversation:
    """A walk with answers that change."""

    def __init__(self, text: str = TEXT, balance: int | None = 500) -> None:
        self.source: ScriptSource = parse_script(text)
        self.answers: dict[str, str] = {}
        self._balance = balance
        self.walk = Walk(self.source, self._fields, self._ask)
        self.place = self.walk.begin()

    def _fields(self, variables: Mapping[str, Value]) -> Mapping[str, Value]:
        return all_values(self.source, context(), self.answers, variables, date(2026, 1, 1))

    def _ask(self, lookup: Lookup, fields: Mapping[str, Value]) -> Mapping[str, Value] | None:
        return None if self._balance is None else {name: Decimal(self._balance) for name in lookup.save}

    def forward(self) -> str:
        self.place = self.walk.forward(self.place, self.answers)
        return self.place.node


def test_it_goes_by_answers_computations_and_lookups() -> None:
    talk = Conversation()
    talk.answers["age"] = "20"
    assert talk.forward() == "rich"
    assert talk.place.passed == ("compute", "account")
    assert talk.place.variables == {"years": Decimal(2), "balance": Decimal(500)}
    assert talk.forward() == "bye"


def test_a_system_that_does_not_answer_leads_to_the_fallback() -> None:
    talk = Conversation(balance=None)
    talk.answers["age"] = "20"
    assert talk.forward() == "unknown"


def test_a_required_answer_is_asked_for_and_the_place_is_kept() -> None:
    talk = Conversation()
    with pytest.raises(CannotGoOn, match="Age"):
        talk.forward()
    assert talk.place.node == "hello"


def test_a_loop_has_a_bound() -> None:
    talk = Conversation(balance=1)
    talk.answers["age"] = "20"
    assert [talk.forward() for _ in range(3)] == ["again"] * 3
    with pytest.raises(CannotGoOn, match="3 times"):
        talk.forward()


def test_a_late_correction_changes_the_way() -> None:
    talk = Conversation()
    talk.answers["age"] = "20"
    talk.forward()
    talk.place = talk.walk.back(talk.place)
    talk.answers["age"] = "17"
    assert talk.forward() == "bye"


def test_an_objection_leads_home_or_where_it_says() -> None:
    talk = Conversation()
    talk.place = talk.walk.jump(talk.place, "dear")
    talk.place = talk.walk.jump(talk.place, "dear")
    assert talk.forward() == "hello"
    assert talk.place.path == ("hello", "dear", "dear", "hello")
    talk.place = talk.walk.jump(talk.place, "never")
    assert talk.forward() == "bye"
    with pytest.raises(CannotGoOn):
        talk.walk.jump(talk.place, "rich")


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["forward", "back", "dear", "never", "home", "old", "young"]), max_size=30))
def test_whatever_an_agent_does_he_is_at_a_node_that_can_be_shown(acts: list[str]) -> None:
    talk = Conversation()
    for act in acts:
        with suppress(CannotGoOn):
            talk.place = _after(talk, act)
        assert not talk.source.nodes[talk.place.node].silent
        assert talk.place.path[0] == "hello"


def _after(talk: Conversation, act: str) -> Place:
    if act in ("old", "young"):
        talk.answers["age"] = {"old": "40", "young": "7"}[act]
    elif act in ("dear", "never"):
        return talk.walk.jump(talk.place, act)
    elif act == "forward":
        return talk.walk.forward(talk.place, talk.answers)
    elif act in ("back", "home"):
        return getattr(talk.walk, act)(talk.place)  # type: ignore[no-any-return]
    return talk.place


@pytest.mark.parametrize(
    ("node", "line", "words"),
    [
        ("{say: x, next: nowhere}", 3, "There is no node"),
        ("{say: x, next: [{to: a}, {to: a}]}", 3, "Only the last way"),
        ("{say: x, next: [{to: a, when: answers.}]}", 3, "cannot be read"),
        ("{kind: set, set: {X: '1'}, next: a}", 3, "small letters"),
        ("{kind: branch}", 3, "missing"),
        ("{say: x, set: {a: '1'}}", 3, "no such entry"),
        ("{kind: lookup, lookup: {url: ftp://x, fallback: a}}", 3, "https://"),
        ("{kind: waltz}", 3, "kind of a node"),
        ("{ask: [{key: s, label: S, kind: scale, low: 0, high: 90}]}", 3, "20 apart"),
    ],
)
def test_each_mistake_in_a_node_names_node_and_line(node: str, line: int, words: str) -> None:
    with pytest.raises(InvalidScript) as caught:
        parse_script(f"title: T\nnodes:\n  a: {node}\n")
    found = [problem for problem in caught.value.problems if words in problem.text]
    assert found, caught.value.fields
    assert (found[0].line, found[0].node) == (line, "a")


def test_ten_thousand_nodes_and_a_laughing_text_are_refused_clearly() -> None:
    many = "title: T\nnodes:\n" + "\n".join(f"  n{i}: {{say: x, next: n0}}" for i in range(10_000))
    with pytest.raises(InvalidScript) as caught:
        parse_script(many)
    assert "2000 nodes" in caught.value.problems[0].text
    laughing = "a: &a [x]\n" + "\n".join(f"b{i}: &b{i} [*a, *a]" for i in range(30))
    with pytest.raises(InvalidScript) as caught:
        parse_script(laughing)
    assert "References" in caught.value.problems[0].text


def test_polish_greets_by_name() -> None:
    assert [vocative(name) for name in ("Jan", "ANNA", "Piotr", "Kwadrat", "Anna Maria")] == [
        "Janie",
        "Anno",
        "Piotrze",
        "Kwadrat",
        "Anno",
    ]
    assert [by_gender(name, "Pan", "Pani", "Państwo") for name in ("jan", "Ewa", "", "Kwadrat")] == [
        "Pan",
        "Pani",
        "Państwo",
        "Państwo",
    ]
