"""The plugin's data holder: what people answered in calls."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from hookline.data_holders import (
    Classification,
    DataCategory,
    DataHolder,
    DataRecord,
    ErasureReport,
    Subject,
    record_of,
)
from hookline.db.database import UnitOfWork
from hookline.db.models import Call
from hookline.domain.access import Scope
from hookline.text import N_
from hookline_scripts.errors import InvalidScript
from hookline_scripts.format import ScriptSource, parse_script, pick
from hookline_scripts.models import Answer, Run, ScriptVersion


def answer_holder() -> DataHolder:
    """The answers to scripts' questions."""
    return DataHolder(
        name="scripts.answers",
        title=N_("Script answers"),
        category=DataCategory.SCRIPT_ANSWERS,
        what=N_("Answers to the questions of conversation scripts; each question says whether they are special data"),
        why=N_("To reach the campaign's goal and hand its results to the client"),
        retention_days=1095,
        tables=frozenset({"scripts_answers", "scripts_runs"}),
        export=_export,
        erase=_erase,
        recipients=N_("The client, with the results"),
    )


def _calls(subject: Subject) -> Select[Any]:
    return select(Call.id).where(Call.contact_id.in_(subject.contact_ids))


def _export(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    rows = session.execute(
        select(Answer, Call.client_id, ScriptVersion.text)
        .join(Call, Call.id == Answer.call_id)
        .outerjoin(
            ScriptVersion, (ScriptVersion.script_id == Answer.script_id) & (ScriptVersion.version == Answer.version)
        )
        .where(Answer.call_id.in_(_calls(subject)))
        .order_by(Answer.id)
    )
    answers = [_record(answer, client_id, text) for answer, client_id, text in rows]
    runs = session.execute(
        select(Run, Call.client_id).join(Call, Call.id == Run.call_id).where(Run.call_id.in_(_calls(subject)))
    )
    return [*answers, *(DataRecord("scripts_runs", record_of(run).data, client_id) for run, client_id in runs)]


def _record(answer: Answer, client_id: int, text: str | None) -> DataRecord:
    source = _parsed(text) if text else None
    question = source.question(answer.question) if source else None
    plain = record_of(
        answer,
        label=pick(question.label, "en") if question else answer.question,
        classification=(question.data if question else Classification.ORDINARY).value,
    )
    return DataRecord(plain.table, plain.data, client_id)


@lru_cache(maxsize=32)
def _parsed(text: str) -> ScriptSource | None:
    try:
        return parse_script(text)
    except InvalidScript:
        return None  # saved under older rules: the answers are handed out all the same


def _erase(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    gone = unit.session.scalars(
        delete(Answer)
        .where(Answer.call_id.in_(_calls(subject)))
        .returning(Answer.id)
        .execution_options(synchronize_session=False)
    )
    runs = unit.session.scalars(
        delete(Run)
        .where(Run.call_id.in_(_calls(subject)))
        .returning(Run.call_id)
        .execution_options(synchronize_session=False)
    )
    return ErasureReport(erased=len(gone.all()) + len(runs.all()))
