"""The engine behind hookline_register_script_engines: choosing, showing, answering."""

from __future__ import annotations

import pytest

from hookline.bootstrap import Runtime
from hookline.domain.scripts import Question, ScriptView
from hookline.errors import InvalidInput, NotFound
from hookline.ports.scripts import ScriptEngine
from hookline_scripts.models import Answer
from hookline_scripts.service import ScriptService
from hookline_web.testing import People
from tests.plugins.places import Place, make_place
from tests.plugins.scripts.sample_script import TEXT, context


def question(view: ScriptView, key: str) -> Question:
    return next(q for step in view.steps for q in step.questions if q.key == key)


def test_a_client_is_offered_its_own_scripts_and_those_for_everyone(
    runtime: Runtime, people: People, engine: ScriptEngine, service: ScriptService, script: str
) -> None:
    everyone = str(service.add(runtime.identity.system_actor(), None, TEXT.replace("Offer", "Any")))
    assert [info.id for info in engine.list_scripts(people.acme)] == [everyone, script]
    assert [info.id for info in engine.list_scripts(people.globex)] == [everyone]


def test_the_script_is_shown_in_the_contacts_language(engine: ScriptEngine, script: str) -> None:
    english = engine.view(script, context(first_name="Eva"))
    assert (english.title, english.steps[0].title) == ("Offer", "Greeting")
    assert english.steps[0].html == "<p>Hello Eva, <strong>listen</strong>.</p>"
    polish = engine.view(script, context(language="pl", first_name="Ewa"))
    assert (polish.steps[0].title, polish.steps[0].html) == ("Powitanie", "<p>Dzień dobry, Ewa.</p>")


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("interest", "yes", "yes"),
        ("agreed", "no", "no"),
        ("amount", " 1 234,50 ", "1234.50"),
        ("amount", "-3", "-3"),
        ("due", "2025-03-31", "2025-03-31"),
        ("remark", " ok\nnow ", "ok\nnow"),
    ],
)
def test_an_answer_is_kept_in_one_form(
    engine: ScriptEngine, script: str, place: Place, key: str, value: str, stored: str
) -> None:
    engine.save_answer(script, place.call_id, key, value, place.agent_id)
    assert engine.answers([place.call_id]) == {place.call_id: {key: stored}}
    assert question(engine.view(script, context(place.call_id)), key).answer == stored


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("interest", "maybe"),
        ("agreed", "true"),
        ("amount", "many"),
        ("amount", "NaN"),
        ("amount", "1e999"),
        ("due", "31.03.2025"),
        ("due", "2025-02-30"),
        ("remark", "x" * 4001),
        ("nothing", "x"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_kept(
    engine: ScriptEngine, script: str, place: Place, key: str, value: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        engine.save_answer(script, place.call_id, key, value, place.agent_id)
    assert list(caught.value.fields) == [key]
    assert engine.answers([place.call_id]) == {}


def test_the_latest_answer_counts_and_the_history_stays(
    runtime: Runtime, engine: ScriptEngine, script: str, place: Place
) -> None:
    for value in ("yes", "no", "no", ""):
        engine.save_answer(script, place.call_id, "interest", value, place.agent_id)
    assert engine.answers([place.call_id]) == {}, "an empty value takes the answer back"
    with runtime.db.read() as session:
        rows = session.query(Answer).order_by(Answer.id).all()
    assert [(row.value, row.agent_id) for row in rows] == [(v, place.agent_id) for v in ("yes", "no", "")]


def test_a_call_keeps_the_version_it_began_with(
    runtime: Runtime, engine: ScriptEngine, service: ScriptService, script: str, place: Place
) -> None:
    engine.save_answer(script, place.call_id, "interest", "yes", place.agent_id)
    admin = runtime.identity.system_actor()
    service.change(admin, int(script), TEXT.replace("title: Offer", "title: New"), 1)
    assert engine.view(script, context(place.call_id)).title == "Offer"
    assert engine.view(script, context()).title == "New"


def test_scripts_of_another_client_do_not_exist_for_a_call(
    runtime: Runtime, people: People, engine: ScriptEngine, script: str
) -> None:
    other = make_place(runtime, people.globex, people.agent, number="+48600100900")
    with pytest.raises(NotFound):
        engine.view(script, context(other.call_id))
    with pytest.raises(NotFound):
        engine.save_answer(script, other.call_id, "interest", "yes", None)


@pytest.mark.parametrize("unknown", ["0", "999", "", "-1", "x", "²", "1; drop"])
def test_an_unknown_script_is_not_found(engine: ScriptEngine, script: str, unknown: str) -> None:
    with pytest.raises(NotFound):
        engine.view(unknown, context())


def test_answers_of_many_calls_are_found(engine: ScriptEngine, script: str, place: Place) -> None:
    engine.save_answer(script, place.call_id, "interest", "no", None)
    assert engine.answers([*range(1000, 2500), place.call_id]) == {place.call_id: {"interest": "no"}}
