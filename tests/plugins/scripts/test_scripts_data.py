"""Questions say what kind of personal data they ask for; answers are handed out and erased with the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from hookline.data_holders import Classification
from hookline.db.models import Call, Contact
from hookline.domain.access import Scope
from hookline.services.data.subjects import SubjectQuery
from hookline.testing.centre import Centre
from hookline_scripts.errors import InvalidScript
from hookline_scripts.format import parse_script
from hookline_scripts.models import Answer, Script, ScriptVersion

TEXT = """
title: Health
steps:
  - title: Questions
    ask:
      - {key: pain, label: {en: "Where does it hurt?", pl: "Gdzie boli?"}, data: special}
      - {key: shop, label: "Which shop?", data: none}
      - {key: when, label: "When?"}
"""


def test_a_question_says_what_its_answers_are() -> None:
    step = parse_script(TEXT).steps[0]
    assert [q.data for q in step.questions] == [Classification.SPECIAL, Classification.NONE, Classification.ORDINARY]


def test_another_word_is_refused_with_its_line() -> None:
    with pytest.raises(InvalidScript) as refused:
        parse_script(TEXT.replace("data: none", "data: secret"))
    (problem,) = refused.value.problems
    assert "ordinary, special" in problem.message
    assert problem.line == 7


def test_hookline_register_data_holders_hands_answers_out_and_erases_them(tmp_path: Path) -> None:
    centre = Centre(tmp_path)
    anna = centre.agent("anna")
    centre.campaign(["+48221234567", "+48221234568"], agents=[anna])
    centre.start_work(anna)
    for _ in range(2):
        centre.runtime.work.dial(centre.actor(anna))
        centre.advance(5)
        centre.runtime.calls.hang_up(centre.actor(anna))
        centre.advance(1)
        centre.runtime.work.dispose(centre.actor(anna), "SUCCESS")
        centre.advance(1)
    with centre.runtime.db.write() as unit:
        now = unit.clock.now()
        script = Script(title="Health", created_at=now)
        unit.session.add(script)
        unit.session.flush()
        unit.session.add(ScriptVersion(script_id=script.id, version=1, text=TEXT, created_at=now))
        for call in centre.calls():
            for question, value in (("pain", "knee"), ("gone", "x")):
                answer = Answer(call_id=call.id, script_id=script.id, version=1, question=question, value=value)
                answer.saved_at = now
                unit.session.add(answer)
    subject = centre.runtime.data_subjects.subject(Scope.everything(), SubjectQuery(phone="+48221234567"))
    parts = centre.runtime.data_register.export(centre.operator, subject)
    (found,) = [part.records for part in parts if part.holder.name == "scripts.answers"]
    assert [(r.data["label"], r.data["value"], r.data["classification"]) for r in found] == [
        ("Where does it hurt?", "knee", "special"),
        ("gone", "x", "ordinary"),
    ]
    assert {r.client_id for r in found} == {centre.client_id}
    centre.runtime.data_register.erase(centre.operator, subject, despite_missing=True)
    with centre.runtime.db.read() as session:
        left = session.query(Answer).join(Call, Call.id == Answer.call_id).join(Contact, Contact.id == Call.contact_id)
        assert left.count() == session.query(Answer).count() == 2
    centre.close()
