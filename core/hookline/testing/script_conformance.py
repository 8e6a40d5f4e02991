"""The conformance kit for script engines: what agents' desks and campaigns rely on, whatever engine a script is of.

An engine conforms when it passes every scenario. Yours does it like this, in a test file of yours:

    import pytest
    from hookline.testing.centre import Centre
    from hookline.testing.script_conformance import SCENARIOS, Scenario, ScriptRig

    @pytest.fixture
    def rig(centre: Centre) -> ScriptRig:
        return ScriptRig(centre, "acme", add_script)     # add_script(client_id) -> the id of a script as the rig asks

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_the_engine_conforms(scenario: Scenario, rig: ScriptRig) -> None:
        scenario.run(rig)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from hookline.domain.scripts import Question, QuestionKind, ScriptContext, ScriptView
from hookline.errors import HooklineError, InvalidInput, NotFound
from hookline.ports.scripts import ScriptEngine
from hookline.testing import kit
from hookline.testing.centre import Centre
from hookline.testing.kit import expect

__all__ = ["SCENARIOS", "Scenario", "ScriptRig"]

_MARKUP = "<script>alert(1)</script>"
_WRONG = {
    QuestionKind.CHOICE: "none of the choices",
    QuestionKind.YES_NO: "perhaps",
    QuestionKind.NUMBER: "many",
    QuestionKind.DATE: "the day after",
}


@dataclass(frozen=True)
class ScriptRig:
    """An engine under test: the centre whose plugin has it, its name, and how a script comes into it.

    `add_script` saves a script for the campaigns of a client and returns its id. Its text fills in the contact's field
    `first_name`; it asks two questions or more, one of the kind text and one of the kind choice, none required.
    """

    centre: Centre
    name: str
    add_script: Callable[[int], str]
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(500))

    @property
    def engine(self) -> ScriptEngine:
        """The engine as it is registered."""
        found = self.centre.runtime.host.script_engines()
        expect(self.name in found, f"No engine {self.name} is registered; there are {', '.join(sorted(found))}.")
        return found[self.name]

    def calls(self) -> list[int]:
        """Two new calls of the client Acme, their ids."""
        return [self.centre.call_with(f"+48221234{next(self._count)}").id for _ in range(2)]

    def other_client(self) -> int:
        """A client who is not Acme."""
        return self.centre.client(f"Globex {next(self._count)}")

    def view(self, script: str, call_id: int | None = None, **fields: str) -> ScriptView:
        """The script as the agent sees it."""
        context = ScriptContext(
            contact={"first_name": "Ola", **fields},
            campaign={"client": "Acme"},
            agent={"name": "Anna"},
            call_id=call_id,
        )
        return self.engine.view(script, context)

    def questions(self, script: str, call_id: int | None = None) -> dict[str, Question]:
        """The script's questions by key."""
        return {question.key: question for step in self.view(script, call_id).steps for question in step.questions}

    def question(self, script: str, kind: QuestionKind) -> Question:
        """A question of that kind."""
        found = [question for question in self.questions(script).values() if question.kind is kind]
        expect(found, f"The rig's script asks no question of the kind {kind.value}.")
        return found[0]


Scenario: TypeAlias = kit.Scenario[ScriptRig]


def _a_script_is_offered_to_its_client_and_to_no_other(rig: ScriptRig) -> None:
    script = rig.add_script(rig.centre.client_id)
    offered = rig.engine.list_scripts(rig.centre.client_id)
    expect(script in [info.id for info in offered], "The client's script is not offered to its campaigns.")
    expect(len({info.id for info in offered}) == len(offered), "Two scripts have one id.")
    expect(all(info.title for info in offered), "A script is offered without a title.")
    other = rig.engine.list_scripts(rig.other_client())
    expect(script not in [info.id for info in other], "A client's script is offered to another client.")


def _it_is_shown_whole(rig: ScriptRig) -> None:
    script = rig.add_script(rig.centre.client_id)
    view = rig.view(script)
    keys = [question.key for step in view.steps for question in step.questions]
    expect(view.script_id == script, "The view bears another script's id.")
    expect(view.title and view.steps, "The view has no title, or no steps.")
    expect(len(keys) == len(set(keys)), "Two questions have one key.")
    expect(len(rig.question(script, QuestionKind.CHOICE).choices) > 1, "A choice without choices.")
    expect(any("Ola" in step.html for step in view.steps), "The contact's first name is not filled in.")


def _what_is_filled_in_makes_no_markup(rig: ScriptRig) -> None:
    view = rig.view(rig.add_script(rig.centre.client_id), first_name=_MARKUP)
    expect(all(_MARKUP not in step.html for step in view.steps), "A contact's name can bring markup into the page.")


def _a_field_nobody_knows_costs_nothing(rig: ScriptRig) -> None:
    script = rig.add_script(rig.centre.client_id)
    empty = ScriptContext(contact={}, campaign={}, agent={}, call_id=None, language="xx")
    expect(rig.engine.view(script, empty).steps, "Without the contact's fields the script is not shown.")


def _an_unknown_script_is_not_found(rig: ScriptRig) -> None:
    (call, _), unknown = rig.calls(), "987654"
    _refuses(NotFound, "view", lambda: rig.view(unknown))
    _refuses(NotFound, "save_answer", lambda: rig.engine.save_answer(unknown, call, "anything", "x", None))


def _another_clients_script_is_not_found_in_a_call(rig: ScriptRig) -> None:
    script, (call, _) = rig.add_script(rig.other_client()), rig.calls()
    question = rig.question(script, QuestionKind.TEXT)
    _refuses(NotFound, "view", lambda: rig.view(script, call))
    _refuses(NotFound, "save_answer", lambda: rig.engine.save_answer(script, call, question.key, "x", None))


def _an_answer_is_kept_for_its_call_alone(rig: ScriptRig) -> None:
    script, (one, other) = rig.add_script(rig.centre.client_id), rig.calls()
    text, choice = rig.question(script, QuestionKind.TEXT), rig.question(script, QuestionKind.CHOICE)
    rig.engine.save_answer(script, one, text.key, "zażółć", None)
    rig.engine.save_answer(script, one, choice.key, choice.choices[1], None)
    expected = {text.key: "zażółć", choice.key: choice.choices[1]}
    expect(
        rig.engine.answers([one, other]) == {one: expected}, "answers() does not tell what was answered in which call."
    )
    shown = {key: q.answer for key, q in rig.questions(script, one).items() if q.answer}
    expect(shown == expected, "The agent does not see what was answered.")
    expect(not any(q.answer for q in rig.questions(script, other).values()), "Another call shows the answers.")


def _the_newest_answer_counts_and_an_empty_one_takes_it_back(rig: ScriptRig) -> None:
    script, (call, _) = rig.add_script(rig.centre.client_id), rig.calls()
    key = rig.question(script, QuestionKind.TEXT).key
    for value in ("first", "second", "second"):
        rig.engine.save_answer(script, call, key, value, None)
    expect(rig.engine.answers([call]) == {call: {key: "second"}}, "The newest answer does not count.")
    rig.engine.save_answer(script, call, key, "", None)
    expect(not rig.engine.answers([call]).get(call), "An empty answer does not take the answer back.")


def _a_value_that_does_not_fit_is_refused(rig: ScriptRig) -> None:
    script, (call, _) = rig.add_script(rig.centre.client_id), rig.calls()
    wrong = {q.key: _WRONG[q.kind] for q in rig.questions(script).values() if q.kind in _WRONG}
    for key, value in {**wrong, "no_such_question": "x"}.items():
        save = partial(rig.engine.save_answer, script, call, key, value, None)
        _refuses(InvalidInput, f"save_answer({key!r}, {value!r})", save)
    expect(not rig.engine.answers([call]).get(call), "A refused value was kept all the same.")


def _answers_of_many_calls_are_read_at_once(rig: ScriptRig) -> None:
    script, (call, _) = rig.add_script(rig.centre.client_id), rig.calls()
    key = rig.question(script, QuestionKind.TEXT).key
    rig.engine.save_answer(script, call, key, "here", None)
    expect(rig.engine.answers([]) == {}, "answers([]) tells of something.")
    asked = [*range(100_000, 103_000), call]
    expect(rig.engine.answers(asked) == {call: {key: "here"}}, "Of three thousand calls the answered one is not found.")


def _refuses(error: type[HooklineError], what: str, act: Callable[[], object]) -> None:
    try:
        act()
    except error:
        return
    raise AssertionError(f"{what} does not raise {error.__name__}.")


SCENARIOS: list[Scenario] = kit.scenarios(
    _a_script_is_offered_to_its_client_and_to_no_other,
    _it_is_shown_whole,
    _what_is_filled_in_makes_no_markup,
    _a_field_nobody_knows_costs_nothing,
    _an_unknown_script_is_not_found,
    _another_clients_script_is_not_found_in_a_call,
    _an_answer_is_kept_for_its_call_alone,
    _the_newest_answer_counts_and_an_empty_one_takes_it_back,
    _a_value_that_does_not_fit_is_refused,
    _answers_of_many_calls_are_read_at_once,
)
"""Every scenario."""
