"""Core's holders of what happened with a contact: standing, callbacks, calls, recordings, events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from hookline.data_holders import DataCategory, DataHolder, DataRecord, ErasureReport, FileRef, Subject, record_of
from hookline.db.database import UnitOfWork
from hookline.db.models import (
    Attempt,
    Call,
    Callback,
    CallParty,
    CampaignContact,
    DialDecision,
    Leg,
    OutboxEvent,
    PartyDecision,
    Recording,
)
from hookline.domain.access import Scope
from hookline.domain.campaigns import RecordState
from hookline.ports.recording_store import RecordingStore
from hookline.services.recordings import ask_deletion
from hookline.text import N_

_STATISTICS = N_("Statistics and the proof of why was called rest on them; nobody can be recognised by them.")


def call_holders(store_of: Callable[[Recording], RecordingStore]) -> list[DataHolder]:
    """Standing in campaigns, calls, recordings, the event log."""
    recordings = _Recordings(store_of)
    return [
        DataHolder(
            name="core.campaign_contacts",
            title=N_("Standing in campaigns and callbacks"),
            category=DataCategory.CALL_RECORD,
            what=N_("State, attempts, last result and note in each campaign; promised callbacks with their notes"),
            why=N_("To call at the right time, not too often, and to keep promises"),
            retention_days=1095,
            tables=frozenset({"campaign_contacts", "callbacks"}),
            export=_export_standing,
            erase=_erase_standing,
            recipients=N_("Agents of the client's campaigns"),
        ),
        DataHolder(
            name="core.calls",
            title=N_("Calls and attempts"),
            category=DataCategory.CALL_RECORD,
            what=N_("Dialled number, times, result, keys pressed, agent's note; the gate's decisions with reasons"),
            why=N_("To run campaigns, to prove why was called, and to answer complaints"),
            retention_days=1095,
            tables=frozenset({"attempts", "dial_decisions", "calls", "legs", "call_parties", "party_decisions"}),
            export=_export_calls,
            erase=_erase_calls,
            recipients=N_("The telephone provider; programs with a token for the client"),
        ),
        DataHolder(
            name="core.recordings",
            title=N_("Recordings"),
            category=DataCategory.RECORDING,
            what=N_("The sound of calls"),
            why=N_("To prove what was agreed and to train agents"),
            retention_days=180,
            tables=frozenset({"recordings"}),
            export=recordings.export,
            erase=recordings.erase,
            recipients=N_("Supervisors; agents who are granted to hear their own calls"),
            file_stores=frozenset({"recordings"}),
        ),
        DataHolder(
            name="core.events",
            title=N_("Event log"),
            category=DataCategory.CALL_RECORD,
            what=N_("What happened when, with ids only: no name, no number"),
            why=N_("To tell pages, plugins and webhooks of it, without a gap after a crash"),
            retention_days=1095,
            tables=frozenset({"outbox"}),
            export=_export_events,
            erase=lambda _unit, _subject: ErasureReport(
                kept=N_("Events with ids"), why=N_("The ids lead to nobody once the contact is erased.")
            ),
            recipients=N_("The client's webhooks"),
        ),
    ]


def _export_standing(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    found: list[DataRecord] = []
    for model in (CampaignContact, Callback):
        rows = session.scalars(select(model).where(model.contact_id.in_(subject.contact_ids)).order_by(model.id))
        found += [record_of(row) for row in rows]
    return found


def _erase_standing(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    records = unit.session.scalars(
        select(CampaignContact).where(CampaignContact.contact_id.in_(subject.contact_ids))
    ).all()
    for record in records:
        record.state, record.last_note, record.next_due_at = RecordState.DONE, "", None
        record.note_parts = None
        record.owner_id = record.callback_id = record.callback_owner_id = None
    callbacks = unit.session.scalars(select(Callback).where(Callback.contact_id.in_(subject.contact_ids))).all()
    for callback in callbacks:
        callback.note = ""
        if callback.state == "open":
            callback.state, callback.closed_at = "cancelled", unit.clock.now()
    return ErasureReport(anonymised=len(records) + len(callbacks), kept=N_("Results without a person"), why=_STATISTICS)


def _export_calls(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    attempts = session.scalars(select(Attempt).where(Attempt.contact_id.in_(subject.contact_ids)).order_by(Attempt.id))
    found = [record_of(row) for row in attempts]
    of_hers = select(Attempt.id).where(Attempt.contact_id.in_(subject.contact_ids))
    decisions = session.scalars(select(DialDecision).where(DialDecision.attempt_id.in_(of_hers)))
    found += [record_of(row) for row in decisions]
    calls = list(session.scalars(select(Call).where(Call.contact_id.in_(subject.contact_ids)).order_by(Call.id)))
    found += [record_of(row) for row in calls]
    ids = [c.id for c in calls]
    legs = session.scalars(select(Leg).where(Leg.call_id.in_(ids), Leg.kind == "customer"))
    # Whom the agent brought in is said without that one's number, which is nothing of hers.
    parties = session.scalars(select(CallParty).where(CallParty.call_id.in_(ids)).order_by(CallParty.id))
    third = [record_of(row, leave_out=("number", "label")) for row in parties]
    return found + [record_of(row) for row in legs] + third


def _erase_calls(unit: UnitOfWork, subject: Subject) -> ErasureReport:
    calls = unit.session.scalars(select(Call).where(Call.contact_id.in_(subject.contact_ids)).order_by(Call.id)).all()
    for call in calls:
        call.number = call.dtmf = call.note = ""
        call.headers = {}
    attempts = unit.session.scalars(
        select(Attempt).where(Attempt.contact_id.in_(subject.contact_ids)).order_by(Attempt.id)
    ).all()
    for attempt in attempts:
        attempt.number = ""
    unit.session.execute(
        update(DialDecision)
        .where(DialDecision.attempt_id.in_([a.id for a in attempts]))
        .values(number="")
        .execution_options(synchronize_session=False)
    )
    ids = [call.id for call in calls]
    for party in unit.session.scalars(select(CallParty).where(CallParty.call_id.in_(ids))):
        party.number = party.label = ""
    for asked in unit.session.scalars(select(PartyDecision).where(PartyDecision.call_id.in_(ids))):
        asked.number, asked.dial_strings = "", []
    return ErasureReport(
        anonymised=len(calls) + len(attempts), kept=N_("Times, results and decisions, without number"), why=_STATISTICS
    )


class _Recordings:
    """`store_of` finds the store that holds a recording."""

    def __init__(self, store_of: Callable[[Recording], RecordingStore]) -> None:
        self._store_of = store_of

    def export(self, session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
        """Each with its sound, which is read only when somebody asks for it."""
        rows = session.scalars(_of_contacts(subject)).all()
        return [self._record(row) for row in rows if row.state == "stored"]

    def _record(self, row: Recording) -> DataRecord:
        store = self._store_of(row)
        file = FileRef(
            store.name, row.path, row.bytes, row.sha256, lambda: store.open_range(row.path, 0, store.size(row.path))
        )
        plain = record_of(row, leave_out=("backend_id",))
        return DataRecord(plain.table, plain.data, plain.client_id, file)

    @staticmethod
    def erase(unit: UnitOfWork, subject: Subject) -> ErasureReport:
        """Nobody hears them from now on; the job `core.store-recordings` deletes the files, with receipts."""
        rows = unit.session.scalars(_of_contacts(subject)).all()
        asked = [row for row in rows if ask_deletion(unit, row, "erasure of the contact's data", None)]
        return ErasureReport(
            erased=len(asked),
            kept=N_("Receipts of deletion: checksum, time, reason"),
            why=N_("To prove that the recordings were deleted."),
        )


def _of_contacts(subject: Subject) -> Select[Any]:
    return (
        select(Recording)
        .join(Call, Call.id == Recording.call_id)
        .where(Call.contact_id.in_(subject.contact_ids))
        .order_by(Recording.id)
    )


def _export_events(session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    asked = select(OutboxEvent).where(OutboxEvent.contact_id.in_(subject.contact_ids)).order_by(OutboxEvent.id)
    return [record_of(row) for row in session.scalars(asked)]
