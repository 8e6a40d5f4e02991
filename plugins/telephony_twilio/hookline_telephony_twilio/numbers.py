"""The accounts' own numbers, by which calls come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from hookline.db.database import Database
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.inbound import line_of
from hookline_telephony_twilio.models import NumberRecord


@dataclass(frozen=True)
class NumberSeen:
    """A number as Twilio tells of it. `ours`: its calls are handed to this installation."""

    sid: str
    e164: str
    name: str
    ours: bool


class Numbers:
    """Keeps what was seen of them last."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def lines(self, account_sid: str) -> Mapping[str, str]:
        """The account's lines that take calls: what names each, and its title."""
        with self._db.read() as session:
            rows = session.scalars(
                select(NumberRecord)
                .where(NumberRecord.account_sid == account_sid, NumberRecord.ours)
                .order_by(NumberRecord.e164)
            )
            return {line_of(row.e164): f"{row.name or row.e164} (Twilio)" for row in rows}

    def all(self) -> Sequence[NumberRecord]:
        """Every number."""
        with self._db.read() as session:
            return session.scalars(select(NumberRecord).order_by(NumberRecord.e164)).all()

    def called(self, account: Account, e164: str) -> None:
        """Somebody calls it, so it is there and its calls are handed to us."""
        with self._db.read() as session:
            row = session.scalar(select(NumberRecord).where(NumberRecord.e164 == e164))
        if row is None or not row.ours or row.account_sid != account.account_sid:
            self._write(account, [NumberSeen(row.sid if row else e164, e164, row.name if row else "", True)])

    def replace(self, account: Account, seen: Sequence[NumberSeen]) -> None:
        """These are the account's numbers now."""
        kept = [number.e164 for number in seen]
        with self._db.write() as unit:
            gone = NumberRecord.account_sid == account.account_sid, NumberRecord.e164.not_in(kept)
            unit.session.execute(delete(NumberRecord).where(*gone))
        self._write(account, seen)

    def _write(self, account: Account, seen: Sequence[NumberSeen]) -> None:
        with self._db.write() as unit:
            for number in seen:
                unit.session.execute(delete(NumberRecord).where(NumberRecord.e164 == number.e164))
                unit.session.add(
                    NumberRecord(
                        sid=number.sid,
                        account_sid=account.account_sid,
                        e164=number.e164,
                        name="" if number.name == number.e164 else number.name,
                        ours=number.ours,
                        seen_at=unit.clock.now(),
                    )
                )
