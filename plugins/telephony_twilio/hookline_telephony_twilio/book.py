"""What is written down of calls and recordings at Twilio, so that a stop at any moment loses none."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select, update

from hookline.db.database import Database
from hookline_telephony_twilio.models import CallRecord, RecordingRecord
from hookline_telephony_twilio.table import LegEntry, RecordingEntry


class Book:
    """Writes and reads the rows."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Calls

    def asked(self, entry: LegEntry) -> None:
        """A call for this leg is about to be asked for, or has come in."""
        with self._db.write() as unit:
            unit.session.merge(
                CallRecord(
                    leg_id=entry.leg_id,
                    account_sid=entry.account.account_sid,
                    client_id=entry.client_id,
                    kind=entry.kind.value,
                    call_sid=entry.sid,
                    requested_at=unit.clock.now(),
                )
            )

    def placed(self, leg_id: str, sid: str) -> None:
        """Twilio has the call."""
        self._change(leg_id, call_sid=sid)

    def over(self, leg_id: str, status: str) -> None:
        """The leg has ended."""
        with self._db.write() as unit:
            row = unit.session.get(CallRecord, leg_id)
            if row is not None and row.ended_at is None:
                row.status, row.ended_at = status, unit.clock.now()

    def open_calls(self) -> Sequence[CallRecord]:
        """Calls that a former process began and did not see end."""
        with self._db.read() as session:
            return session.scalars(select(CallRecord).where(CallRecord.ended_at.is_(None))).all()

    def client_of(self, leg_id: str) -> int | None:
        """Whose the leg is."""
        with self._db.read() as session:
            row = session.get(CallRecord, leg_id)
            return row.client_id if row else None

    def unpriced(self, most_tries: int, limit: int) -> Sequence[CallRecord]:
        """Calls that ended and whose price is not known, the least asked about first."""
        query = (
            select(CallRecord)
            .where(CallRecord.ended_at.is_not(None), CallRecord.price.is_(None), CallRecord.call_sid != "")
            .where(CallRecord.price_asked < most_tries)
            .order_by(CallRecord.price_asked, CallRecord.ended_at)
            .limit(limit)
        )
        with self._db.read() as session:
            return session.scalars(query).all()

    def priced(self, leg_id: str, price: Decimal | None, unit_name: str, seconds: int) -> None:
        """What the call cost, as a positive sum; None: Twilio does not say yet."""
        with self._db.write() as unit:
            row = unit.session.get_one(CallRecord, leg_id)
            row.price_asked += 1
            row.duration_seconds = seconds or row.duration_seconds
            if price is not None:
                row.price, row.price_unit = abs(price), unit_name.upper()

    # Recordings

    def recording(self, entry: RecordingEntry, leg: LegEntry) -> None:
        """A recording runs at Twilio."""
        with self._db.write() as unit:
            unit.session.merge(
                RecordingRecord(
                    recording_id=entry.recording_id,
                    sid=entry.sid,
                    account_sid=leg.account.account_sid,
                    call_sid=leg.sid,
                    client_id=leg.client_id,
                    path=str(entry.path),
                    begun_at=unit.clock.now(),
                )
            )

    def fetched(self, recording_id: str, size: int, sha256: str) -> None:
        """We have it: it may be deleted at Twilio."""
        with self._db.write() as unit:
            row = unit.session.get(RecordingRecord, recording_id)
            if row is not None:
                row.fetched_at, row.bytes, row.sha256 = unit.clock.now(), size, sha256

    def deleted(self, recording_id: str) -> None:
        """Twilio has confirmed that it keeps it no more."""
        with self._db.write() as unit:
            row = unit.session.get(RecordingRecord, recording_id)
            if row is not None:
                row.deleted_at = unit.clock.now()

    def of_path(self, path: str) -> RecordingRecord | None:
        """The recording that was to be written there."""
        with self._db.read() as session:
            return session.scalar(select(RecordingRecord).where(RecordingRecord.path == path))

    def to_delete(self, limit: int = 200) -> Sequence[RecordingRecord]:
        """Recordings that we have, or have given up, and that Twilio still keeps."""
        query = select(RecordingRecord).where(
            RecordingRecord.fetched_at.is_not(None), RecordingRecord.deleted_at.is_(None)
        )
        with self._db.read() as session:
            return session.scalars(query.order_by(RecordingRecord.fetched_at).limit(limit)).all()

    def _change(self, leg_id: str, **values: object) -> None:
        with self._db.write() as unit:
            unit.session.execute(update(CallRecord).where(CallRecord.leg_id == leg_id).values(**values))
