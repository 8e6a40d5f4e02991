"""Results of a campaign as CSV: one row per call, or per contact of the campaign.

Cells that a spreadsheet might run as a formula get an apostrophe before them; E.164 numbers ("+48600100200") and plain
numbers are none and stay as they are, so that the file feeds the client's own system. Times are ISO 8601, UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from hookline.db.database import Database
from hookline.db.models import Call, Campaign, CampaignContact, Contact, Disposition, User
from hookline.domain.access import Scope
from hookline.errors import InvalidInput, NotConfigured
from hookline.ports.hooks import Hooks
from hookline.services.campaign_scope import campaign_in_scope
from hookline.services.contact_history import talk_seconds
from hookline.services.csv_cells import write_rows
from hookline.services.imports.reading import DELIMITERS
from hookline.text import N_

_CHUNK = 500
_CONTACT = ("contact_id", "external_id", "first_name", "last_name", "company", "email", "city", "language")
_PER_CALL = (
    "call_id", "number", "agent", "queued_at", "answered_at", "ended_at", "ring_seconds", "talk_seconds",
    "call_result", "hangup_cause", "disposition", "category", "note",
)  # fmt: skip
_PER_CONTACT = (
    "phone", "phone2", "phone3", "state", "attempts", "next_due_at", "last_result", "disposition", "category",
    "last_call_at", "last_agent", "last_note",
)  # fmt: skip


#: Answers by call and question.
_AnswersOf = Callable[[list[int]], dict[int, dict[str, str]]]


class RowPer(StrEnum):
    """What one row of the export stands for."""

    CALL = "call"
    CONTACT = "contact"


@dataclass(frozen=True)
class _Extra:
    """Columns that depend on the campaign: script questions and custom fields, in a fixed order."""

    questions: tuple[str, ...]
    custom: tuple[str, ...]

    def header(self) -> list[str]:
        return [*(f"custom:{name}" for name in self.custom), *(f"answer:{key}" for key in self.questions)]

    def cells(self, contact: Contact, answers: dict[str, str]) -> list[object]:
        return [*(contact.custom.get(name, "") for name in self.custom), *(answers.get(k, "") for k in self.questions)]


class ExportService:
    """Writes results out, piece by piece: memory does not grow with the campaign."""

    def __init__(self, db: Database, hooks: Hooks) -> None:
        self._db = db
        self._hooks = hooks

    def export_results(
        self,
        scope: Scope,
        campaign_id: int,
        *,
        per: RowPer = RowPer.CALL,
        delimiter: str = ",",
        bom: bool = False,
        with_answers: bool = True,
    ) -> Iterator[str]:
        """The campaign's results as pieces of CSV text; `bom` makes spreadsheets take it for UTF-8.

        Raises, before the first piece: NotFound outside the scope, InvalidInput for another delimiter than comma,
        semicolon or tab, NotConfigured where the script's answers cannot be read since its plugin is not active
        (`with_answers` False leaves them out).
        """
        if delimiter not in DELIMITERS:
            raise InvalidInput(N_("Columns can be separated by a comma, a semicolon or a tab."))
        return write_rows(self.result_rows(scope, campaign_id, per=per, with_answers=with_answers), delimiter, bom=bom)

    def result_rows(
        self, scope: Scope, campaign_id: int, *, per: RowPer = RowPer.CALL, with_answers: bool = True
    ) -> Iterator[Sequence[object]]:
        """The campaign's results as rows, the header first; raises as `export_results` does, before the first."""
        with self._db.read() as session:
            campaign = campaign_in_scope(session, scope, campaign_id)
        answers_of = self._answers(campaign) if with_answers else _no_answers
        rows = self._call_rows if per is RowPer.CALL else self._contact_rows
        return rows(campaign, answers_of)

    def rows_after(
        self, campaign_id: int, per: RowPer, after: int, most: int = _CHUNK
    ) -> tuple[list[dict[str, object]], int]:
        """The next rows as named values, with custom fields and script answers, and the id of the last one.

        For programs: nothing is made harmless for spreadsheets. Nobody's scope is asked.
        """
        with self._db.read() as session:
            campaign = session.get_one(Campaign, campaign_id)
            if per is RowPer.CALL:
                calls = _calls(session, campaign_id, after, most)
            else:
                records = _records(session, campaign_id, after, most)
                last = _last_calls(session, [record.id for record, _ in records])
        answers_of = self._answers(campaign)
        if per is RowPer.CALL:
            answers = answers_of([call.id for call, *_ in calls])
            return [
                _named(contact, _PER_CALL, _call_cells(call, agent, disposition), answers.get(call.id, {}))
                for call, contact, agent, disposition in calls
            ], (calls[-1][0].id if calls else after)
        answers = answers_of([call.id for call, _ in last.values()])
        found = []
        for record, disposition in records:
            call, agent = last.get(record.id, (None, ""))
            cells = _record_cells(record, disposition, call, agent)
            found.append(_named(record.contact, _PER_CONTACT, cells, answers.get(call.id, {}) if call else {}))
        return found, (records[-1][0].id if records else after)

    def count_rows(self, campaign_id: int, per: RowPer) -> int:
        """How many rows there are now."""
        column, campaign = (
            (Call.id, Call.campaign_id) if per is RowPer.CALL else (CampaignContact.id, CampaignContact.campaign_id)
        )
        with self._db.read() as session:
            return session.scalar(select(func.count(column)).where(campaign == campaign_id)) or 0

    # One row per call

    def _call_rows(self, campaign: Campaign, answers_of: _AnswersOf) -> Iterator[Sequence[object]]:
        extra = self._extra(campaign, answers_of)
        yield [*_CONTACT, *_PER_CALL, *extra.header()]
        after = 0
        while True:
            with self._db.read() as session:
                found = _calls(session, campaign.id, after)
            if not found:
                return
            answers = answers_of([call.id for call, *_ in found])
            for call, contact, agent, disposition in found:
                cells = extra.cells(contact, answers.get(call.id, {}))
                yield [*_contact_cells(contact), *_call_cells(call, agent, disposition), *cells]
            after = found[-1][0].id

    # One row per contact

    def _contact_rows(self, campaign: Campaign, answers_of: _AnswersOf) -> Iterator[Sequence[object]]:
        extra = self._extra(campaign, answers_of)
        yield [*_CONTACT, *_PER_CONTACT, *extra.header()]
        after = 0
        while True:
            with self._db.read() as session:
                found = _records(session, campaign.id, after)
                last = _last_calls(session, [record.id for record, _ in found])
            if not found:
                return
            answers = answers_of([call.id for call, _ in last.values()])
            for record, disposition in found:
                call, agent = last.get(record.id, (None, ""))
                cells = extra.cells(record.contact, answers.get(call.id, {}) if call else {})
                yield [
                    *_contact_cells(record.contact),
                    *_record_cells(record, disposition, call, agent),
                    *cells,
                ]
            after = found[-1][0].id

    # The campaign's own columns

    def _answers(self, campaign: Campaign) -> _AnswersOf:
        if not campaign.script:
            return _no_answers
        engine = self._hooks.script_engines().get(campaign.script.partition(":")[0])
        if engine is None:
            raise NotConfigured(
                N_("The answers cannot be read: the plugin that keeps this campaign's script is not active."),
                N_("Enable the plugin, or export without the answers."),
            )
        return engine.answers

    def _extra(self, campaign: Campaign, answers_of: _AnswersOf) -> _Extra:
        """A first pass over calls and contacts, for the columns: the header comes before the rows."""
        questions: dict[str, None] = {}
        custom: dict[str, None] = {}
        after = 0
        while True:
            with self._db.read() as session:
                ids = session.scalars(
                    select(Call.id)
                    .where(Call.campaign_id == campaign.id, Call.id > after)
                    .order_by(Call.id)
                    .limit(_CHUNK)
                ).all()
            if not ids:
                break
            for answers in answers_of(list(ids)).values():
                questions.update(dict.fromkeys(answers))
            after = ids[-1]
        with self._db.read() as session:
            fields = session.scalars(
                select(Contact.custom)
                .join(CampaignContact, CampaignContact.contact_id == Contact.id)
                .where(CampaignContact.campaign_id == campaign.id)
                .execution_options(yield_per=_CHUNK)
            )
            for values in fields:
                custom.update(dict.fromkeys(values))
        return _Extra(tuple(questions), tuple(sorted(custom)))


def _no_answers(_call_ids: list[int]) -> dict[int, dict[str, str]]:
    return {}


_CallRow = tuple[Call, Contact, str, Disposition | None]


def _calls(session: Session, campaign_id: int, after: int, most: int = _CHUNK) -> list[_CallRow]:
    found = session.execute(
        select(Call, Contact, User.display_name, Disposition)
        .join(Contact, Contact.id == Call.contact_id)
        .outerjoin(User, User.id == Call.agent_id)
        .outerjoin(Disposition, Disposition.id == Call.disposition_id)
        .where(Call.campaign_id == campaign_id, Call.id > after)
        .order_by(Call.id)
        .limit(most)
    )
    return [(call, contact, agent or "", disposition) for call, contact, agent, disposition in found]


def _records(
    session: Session, campaign_id: int, after: int, most: int = _CHUNK
) -> list[tuple[CampaignContact, Disposition | None]]:
    found = session.execute(
        select(CampaignContact, Disposition)
        .outerjoin(Disposition, Disposition.id == CampaignContact.disposition_id)
        .where(CampaignContact.campaign_id == campaign_id, CampaignContact.id > after)
        .options(selectinload(CampaignContact.contact).selectinload(Contact.numbers))
        .order_by(CampaignContact.id)
        .limit(most)
    )
    return [(record, disposition) for record, disposition in found]


def _last_calls(session: Session, record_ids: Sequence[int]) -> dict[int, tuple[Call, str]]:
    found = session.execute(
        select(Call, User.display_name)
        .outerjoin(User, User.id == Call.agent_id)
        .where(Call.campaign_contact_id.in_(record_ids))
        .order_by(Call.id)
    )
    return {call.campaign_contact_id: (call, agent or "") for call, agent in found}


def _named(
    contact: Contact, names: Sequence[str], cells: Sequence[object], answers: dict[str, str]
) -> dict[str, object]:
    plain = dict(zip((*_CONTACT, *names), (*_contact_cells(contact), *cells), strict=True))
    return {**plain, "custom": dict(contact.custom), "answers": answers}


def _contact_cells(contact: Contact) -> list[object]:
    return [
        contact.id,
        contact.external_id or "",
        contact.first_name,
        contact.last_name,
        contact.company,
        contact.email,
        contact.city,
        contact.language,
    ]


def _call_cells(call: Call, agent: str, disposition: Disposition | None) -> list[object]:
    return [
        call.id,
        call.number,
        agent,
        _time(call.queued_at),
        _time(call.answered_at),
        _time(call.ended_at),
        _seconds(call.ringing_at, call.answered_at or call.ended_at),
        talk_seconds(call),
        call.result,
        call.hangup_cause,
        disposition.code if disposition else "",
        disposition.category if disposition else "",
        call.note,
    ]


def _record_cells(
    record: CampaignContact, disposition: Disposition | None, call: Call | None, agent: str
) -> list[object]:
    numbers = [number.e164 for number in record.contact.numbers]
    return [
        *[*numbers, "", "", ""][:3],
        record.state,
        record.attempts,
        _time(record.next_due_at),
        record.last_result,
        disposition.code if disposition else "",
        disposition.category if disposition else "",
        _time(call.queued_at) if call else "",
        agent,
        record.last_note,
    ]


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""


def _seconds(start: datetime | None, end: datetime | None) -> int:
    return max(int((end - start).total_seconds()), 0) if start and end else 0
