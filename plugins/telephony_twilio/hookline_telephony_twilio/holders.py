"""The plugin's data holder: messages that callers left. Recordings of calls are core's as soon as they are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from hookline.data_holders import DataCategory, DataHolder, DataRecord, ErasureReport, FileRef, Subject, record_of
from hookline.db.database import UnitOfWork
from hookline.domain.access import Scope
from hookline.storage import checksums
from hookline.text import N_
from hookline_telephony_twilio.models import VoicemailRecord
from hookline_telephony_twilio.voicemail import KEEP


def voicemail_holder(folder: Path) -> DataHolder:
    """Voicemail, with its sound in `folder`."""
    return DataHolder(
        name="telephony_twilio.voicemail",
        title=N_("Voicemail"),
        category=DataCategory.RECORDING,
        what=N_("Messages that callers left: the sound, the caller's number, the time"),
        why=N_("To call back whoever could not be taken"),
        retention_days=KEEP.days,
        tables=frozenset({"telephony_twilio_voicemails"}),
        file_stores=frozenset({"voicemail"}),
        recipients=N_("Twilio records the message, and deletes it as soon as it is fetched"),
        export=partial(_export, folder),
        erase=partial(_erase, folder),
    )


def _of(subject: Subject) -> Select[VoicemailRecord]:
    query = select(VoicemailRecord).where(VoicemailRecord.number.in_(subject.numbers), VoicemailRecord.number != "")
    if subject.clients is not None:
        query = query.where(VoicemailRecord.client_id.in_(subject.clients))
    return query.order_by(VoicemailRecord.id)


def _export(folder: Path, session: Session, _scope: Scope, subject: Subject) -> list[DataRecord]:
    return [_record(folder, row) for row in session.scalars(_of(subject))]


def _record(folder: Path, row: VoicemailRecord) -> DataRecord:
    record, path = record_of(row, leave_out=("sid", "account_sid")), folder / row.path
    if not row.path or not path.is_file():
        return record
    file = FileRef("voicemail", row.path, path.stat().st_size, checksums.of_file(path), partial(_read, path))
    return DataRecord(record.table, record.data, record.client_id, file)


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while part := stream.read(65536):
            yield part


def _erase(folder: Path, unit: UnitOfWork, subject: Subject) -> ErasureReport:
    rows = unit.session.scalars(_of(subject)).all()
    for row in rows:
        if row.path:
            (folder / row.path).unlink(missing_ok=True)
        if row.deleted_at is not None:
            unit.session.delete(row)
        else:  # Twilio has it still: the job deletes it there, and then the row
            row.erased, row.path, row.number = True, "", ""
    return ErasureReport(erased=len(rows))
