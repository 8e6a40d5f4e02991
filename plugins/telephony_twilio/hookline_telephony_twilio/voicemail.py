"""Messages that callers leave whom nobody could take: asked for, fetched, deleted at Twilio, and heard here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import delete, select

from hookline.db.database import Database
from hookline.domain.access import Actor
from hookline.errors import NotFound
from hookline.text import N_
from hookline_telephony_twilio.accounts import Account
from hookline_telephony_twilio.following import Message
from hookline_telephony_twilio.gaps import finish_wav
from hookline_telephony_twilio.inbound import line_of
from hookline_telephony_twilio.models import VoicemailRecord
from hookline_telephony_twilio.permissions import MANAGE
from hookline_telephony_twilio.provider import twiml
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.media import fetch
from hookline_telephony_twilio.queue_texts import language_of, voicemail_text
from hookline_telephony_twilio.shared import Shared

log = structlog.get_logger(__name__)
KEEP = timedelta(days=90)
_SID = re.compile(r"RE[0-9a-fA-F]{32}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class Voicemail:
    """Keeps them. The sound lies in the plugin's folder."""

    def __init__(self, db: Database, shared: Shared, folder: Path) -> None:
        self._db, self._shared, self.folder = db, shared, folder / "telephony_twilio" / "voicemail"

    def ask(self, message: Message) -> str:
        """Ask the caller for a message."""
        language = language_of(message.get("To", ""))
        address = self._shared.address
        return twiml.voicemail(voicemail_text(language), language, address("voicemail-over"), address("voicemail-told"))

    def told(self, account: Account, message: Message) -> None:
        """Twilio has a message: it is taken in once, and fetched soon."""
        sid, call_sid = message.get("RecordingSid", ""), message.get("CallSid", "")
        if _SID.fullmatch(sid) and message.get("RecordingStatus", "completed") == "completed":
            self._shared.works.do(f"voicemail-{sid}", lambda: self._take(account, sid, call_sid))

    def _take(self, account: Account, sid: str, call_sid: str) -> None:
        with self._db.read() as session:
            if session.scalar(select(VoicemailRecord.id).where(VoicemailRecord.sid == sid)) is not None:
                return
        call = self._shared.rest(account).call(call_sid)
        with self._db.write() as unit:
            unit.session.add(
                VoicemailRecord(
                    client_id=account.client_id,
                    account_sid=account.account_sid,
                    line=line_of(call.to),
                    number=call.from_number if _E164.fullmatch(call.from_number) else "",
                    sid=sid,
                    path="",
                    received_at=unit.clock.now(),
                )
            )
        self._shared.works.do(f"voicemail-{sid}", lambda: self._fetch(account, sid))

    def fetch_missing(self, _run: object = None) -> None:
        """Fetch what could not be fetched when it came, and delete what was kept long enough."""
        self._forget_old()
        with self._db.read() as session:
            rows = session.scalars(select(VoicemailRecord).where(VoicemailRecord.deleted_at.is_(None))).all()
        for row in rows:
            account = self._shared.accounts.by_sid(row.account_sid)
            try:
                if account is not None:
                    self._forget(account, row.sid) if row.erased else self._fetch(account, row.sid)
            except ProviderError as error:
                log.warning("voicemail_not_fetched", status=error.status, code=error.code)

    def list_messages(self, actor: Actor) -> Sequence[VoicemailRecord]:
        """Messages that can be heard, the newest first."""
        actor.require(MANAGE)
        query = select(VoicemailRecord).where(VoicemailRecord.path != "").order_by(VoicemailRecord.id.desc()).limit(200)
        if actor.scope.clients is not None:
            query = query.where(VoicemailRecord.client_id.in_(actor.scope.clients))
        with self._db.read() as session:
            return session.scalars(query).all()

    def open(self, actor: Actor, message_id: int) -> Path:
        """The sound of one; it counts as heard. Raises NotFound."""
        actor.require(MANAGE)
        with self._db.write() as unit:
            row = unit.session.get(VoicemailRecord, message_id)
            clients = actor.scope.clients
            if row is None or not row.path or (clients is not None and row.client_id not in clients):
                raise NotFound(N_("There is no such message."))
            row.heard_at = row.heard_at or unit.clock.now()
            return self.folder / row.path

    def _fetch(self, account: Account, sid: str) -> None:
        rest = self._shared.rest(account)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{sid}.wav"
        if not path.exists():
            part = path.with_suffix(".part")
            fetch(rest, sid, part)
            seconds, _ = finish_wav(part, ())
            part.rename(path)
            self._change(sid, path=path.name, seconds=seconds)
        rest.delete_recording(sid)
        self._change(sid, deleted_at=self._db.clock.now())

    def _forget(self, account: Account, sid: str) -> None:
        self._shared.rest(account).delete_recording(sid)
        with self._db.write() as unit:
            unit.session.execute(delete(VoicemailRecord).where(VoicemailRecord.sid == sid))

    def _change(self, sid: str, **values: object) -> None:
        with self._db.write() as unit:
            row = unit.session.scalars(select(VoicemailRecord).where(VoicemailRecord.sid == sid)).one()
            for name, value in values.items():
                setattr(row, name, value)

    def _forget_old(self) -> None:
        with self._db.write() as unit:
            old = VoicemailRecord.received_at < unit.clock.now() - KEEP
            for row in unit.session.scalars(
                select(VoicemailRecord).where(old, VoicemailRecord.deleted_at.is_not(None))
            ):
                if row.path:
                    (self.folder / row.path).unlink(missing_ok=True)
                unit.session.delete(row)
