"""The script engine: what campaigns choose from, what the agent sees, and the answers."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Call
from hookline.domain.scripts import Question, ScriptContext, ScriptInfo, ScriptView, Step
from hookline.errors import NotFound
from hookline.text import N_
from hookline_scripts.answers import WrongAnswer, clean_answer
from hookline_scripts.format import QuestionSource, ScriptSource, StepSource, parse_script, pick
from hookline_scripts.models import Answer, Script, ScriptVersion
from hookline_scripts.texts import render_text

_CALLS_AT_ONCE = 500
_parsed = lru_cache(maxsize=256)(parse_script)


class ScriptsEngine:
    """Implements `hookline.ports.scripts.ScriptEngine`; ids are the scripts' numbers as text."""

    name: ClassVar[str] = "scripts"

    def __init__(self, db: Database) -> None:
        self._db = db

    def list_scripts(self, client_id: int) -> list[ScriptInfo]:
        """The client's own scripts and those for every client, by title."""
        with self._db.read() as session:
            rows = session.scalars(
                select(Script)
                .where(or_(Script.client_id == client_id, Script.client_id.is_(None)))
                .order_by(Script.title, Script.id)
            )
            return [ScriptInfo(str(row.id), row.title) for row in rows]

    def view(self, script_id: str, context: ScriptContext) -> ScriptView:
        """The script filled in, with the call's answers. A call keeps the version its first answer was given to."""
        with self._db.read() as session:
            script, version = _find(session, script_id, context.call_id)
            source = _parsed(_text_of(session, script.id, version))
            stored = _answers(session, [context.call_id], script.id) if context.call_id else {}
        given = {**context.answers, **stored.get(context.call_id or 0, {})}
        return show(str(script.id), source, context, given)

    def save_answer(self, script_id: str, call_id: int, question: str, value: str, agent_id: int | None) -> None:
        """Keep an answer; "" takes it back. Raises WrongAnswer, or NotFound where script and call do not fit."""
        with self._db.write() as unit:
            script, version = _find(unit.session, script_id, call_id)
            asked = _parsed(_text_of(unit.session, script.id, version)).question(question)
            if asked is None:
                raise WrongAnswer(question[:64], N_("The script has no such question."))
            cleaned = clean_answer(asked, value)
            present = _answers(unit.session, [call_id], script.id).get(call_id, {}).get(question, "")
            if cleaned == present:
                return
            answer = Answer(call_id=call_id, script_id=script.id, version=version, question=question, value=cleaned)
            answer.agent_id, answer.saved_at = agent_id, unit.clock.now()
            unit.session.add(answer)

    def answers(self, call_ids: list[int]) -> dict[int, dict[str, str]]:
        """The present answers by call and question; those taken back are not there."""
        with self._db.read() as session:
            found: dict[int, dict[str, str]] = {}
            for start in range(0, len(call_ids), _CALLS_AT_ONCE):
                found.update(_answers(session, call_ids[start : start + _CALLS_AT_ONCE]))
            return found


def show(script_id: str, source: ScriptSource, context: ScriptContext, answers: dict[str, str]) -> ScriptView:
    """A script as the agent sees it."""
    return ScriptView(script_id, source.title, tuple(_step(step, context, answers) for step in source.steps))


def _step(step: StepSource, context: ScriptContext, answers: dict[str, str]) -> Step:
    html = render_text(pick(step.say, context.language), context)
    questions = tuple(_question(question, context.language, answers) for question in step.questions)
    return Step(pick(step.title, context.language), html, questions)


def _question(question: QuestionSource, language: str, answers: dict[str, str]) -> Question:
    label = pick(question.label, language)
    answer = answers.get(question.key, "")
    return Question(question.key, label, question.kind, question.choices, question.required, answer)


def _find(session: Session, script_id: str, call_id: int | None) -> tuple[Script, int]:
    script = session.get(Script, int(script_id)) if script_id.isascii() and script_id.isdigit() else None
    call = session.get(Call, call_id) if call_id is not None else None
    if script is None or (call_id is not None and call is None):
        raise NotFound(N_("There is no such script."), N_("Choose another script in the campaign."))
    if call is not None and script.client_id not in (None, call.client_id):
        raise NotFound(N_("There is no such script."), N_("Choose another script in the campaign."))
    begun = session.scalar(
        select(Answer.version)
        .where(Answer.call_id == call_id, Answer.script_id == script.id)
        .order_by(Answer.id)
        .limit(1)
    )
    return script, begun or script.version


def _text_of(session: Session, script_id: int, version: int) -> str:
    return session.scalars(
        select(ScriptVersion.text).where(ScriptVersion.script_id == script_id, ScriptVersion.version == version)
    ).one()


def _answers(session: Session, call_ids: list[int], script_id: int | None = None) -> dict[int, dict[str, str]]:
    query = select(Answer).where(Answer.call_id.in_(call_ids)).order_by(Answer.id)
    if script_id is not None:
        query = query.where(Answer.script_id == script_id)
    found: dict[int, dict[str, str]] = {}
    for row in session.scalars(query):
        found.setdefault(row.call_id, {})[row.question] = row.value
    return {call: kept for call, given in found.items() if (kept := {q: v for q, v in given.items() if v})}
