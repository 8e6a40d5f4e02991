"""The script engine: what campaigns choose from, what the agent sees, and the answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hookline.db.database import Database
from hookline.db.models import Call
from hookline.domain.scripts import ScriptContext, ScriptInfo, ScriptMove, ScriptView
from hookline.errors import Conflict, NotFound
from hookline.services.phones import country_of
from hookline.text import N_
from hookline_scripts.answers import WrongAnswer, clean_answer
from hookline_scripts.format import ScriptSource, parse_script
from hookline_scripts.graph.walking import Place
from hookline_scripts.lookups import Lookups
from hookline_scripts.models import Answer, Run, Script, ScriptVersion
from hookline_scripts.runs import advance, begun, conversation, moved, run_of
from hookline_scripts.showing import show, show_place

_CALLS_AT_ONCE = 500
_parsed = lru_cache(maxsize=256)(parse_script)


@dataclass(frozen=True)
class _Spoken:
    """A script in a call: its text as parsed, the version, where it is, and the answers so far."""

    script: Script
    version: int
    source: ScriptSource
    run: Run | None
    answers: dict[str, str]


class ScriptsEngine:
    """Implements `hookline.ports.scripts.GuidedScriptEngine`; ids are the scripts' numbers as text."""

    name: ClassVar[str] = "scripts"

    def __init__(self, db: Database, lookups: Lookups) -> None:
        self._db = db
        self._lookups = lookups

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
            spoken = _spoken(session, script_id, context.call_id)
        given = {**context.answers, **spoken.answers}
        if not spoken.source.guided:
            return show(str(spoken.script.id), spoken.source, context, given)
        now = conversation(spoken.source, spoken.run, context, given, self._lookups.ask, self._db.clock)
        return show_place(str(spoken.script.id), spoken.source, context, now.place, given, now.moves)

    def move(
        self, script_id: str, context: ScriptContext, move: ScriptMove, target: str, agent_id: int | None
    ) -> ScriptView:
        """Go on, back or aside in the call; raises Conflict where an answer is missing or it leads nowhere."""
        with self._db.read() as session:
            spoken = _spoken(session, script_id, context.call_id)
        if context.call_id is None or not spoken.source.guided:
            raise Conflict(N_("This script is not walked step by step."), N_("Read on below."))
        # Outside of the transaction: another system may be asked on the way, and it takes its time.
        now = conversation(spoken.source, spoken.run, context, spoken.answers, self._lookups.ask, self._db.clock)
        place = moved(now, move, target, spoken.answers)
        self._keep(context.call_id, spoken, now.place, now.moves, place, move, agent_id)
        return show_place(str(spoken.script.id), spoken.source, context, place, spoken.answers, now.moves + 1)

    def _keep(
        self, call_id: int, spoken: _Spoken, first: Place, moves: int, place: Place, move: ScriptMove, agent: int | None
    ) -> None:
        with self._db.write() as unit:
            run = run_of(unit.session, call_id, spoken.script.id)
            if run is None:
                run = begun(unit, call_id, spoken.script.id, spoken.version, first, agent)
                unit.session.flush()
            advance(unit, run, moves, place, move, agent)

    def save_answer(self, script_id: str, call_id: int, question: str, value: str, agent_id: int | None) -> None:
        """Keep an answer; "" takes it back. Raises WrongAnswer, or NotFound where script and call do not fit."""
        with self._db.write() as unit:
            spoken = _spoken(unit.session, script_id, call_id)
            asked = spoken.source.question(question)
            if asked is None:
                raise WrongAnswer(question[:64], N_("The script has no such question."))
            cleaned = clean_answer(asked, value, _country(unit.session, call_id))
            if cleaned == spoken.answers.get(question, ""):
                return
            answer = Answer(call_id=call_id, script_id=spoken.script.id, version=spoken.version, question=question)
            answer.value, answer.agent_id, answer.saved_at = cleaned, agent_id, unit.clock.now()
            unit.session.add(answer)

    def answers(self, call_ids: list[int]) -> dict[int, dict[str, str]]:
        """The present answers by call and question; those taken back are not there."""
        with self._db.read() as session:
            found: dict[int, dict[str, str]] = {}
            for start in range(0, len(call_ids), _CALLS_AT_ONCE):
                found.update(_answers(session, call_ids[start : start + _CALLS_AT_ONCE]))
            return found


def _spoken(session: Session, script_id: str, call_id: int | None) -> _Spoken:
    script = _find(session, script_id, call_id)
    run = run_of(session, call_id, script.id)
    version = run.version if run else _begun_version(session, script, call_id)
    source = _parsed(_text_of(session, script.id, version))
    stored = _answers(session, [call_id], script.id) if call_id else {}
    return _Spoken(script, version, source, run, stored.get(call_id or 0, {}))


def _find(session: Session, script_id: str, call_id: int | None) -> Script:
    script = session.get(Script, int(script_id)) if script_id.isascii() and script_id.isdigit() else None
    call = session.get(Call, call_id) if call_id is not None else None
    if script is None or (call_id is not None and call is None):
        raise NotFound(N_("There is no such script."), N_("Choose another script in the campaign."))
    if call is not None and script.client_id not in (None, call.client_id):
        raise NotFound(N_("There is no such script."), N_("Choose another script in the campaign."))
    return script


def _begun_version(session: Session, script: Script, call_id: int | None) -> int:
    first = select(Answer.version).where(Answer.call_id == call_id, Answer.script_id == script.id)
    return session.scalar(first.order_by(Answer.id).limit(1)) or script.version


def _country(session: Session, call_id: int) -> str:
    # A number that is dictated without a prefix is most likely of the contact's own country.
    call = session.get(Call, call_id)
    return (country_of(call.number) if call and call.number else None) or "PL"


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
