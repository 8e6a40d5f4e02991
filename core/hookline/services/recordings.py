"""Recordings: closed by the backend, stored with checksum and length, played to those who may."""

from __future__ import annotations

import hashlib
import wave
from pathlib import Path

import structlog
from sqlalchemy import select

from hookline.db.database import Database
from hookline.db.models import Call, Recording
from hookline.domain.access import Actor, Role
from hookline.domain.events import RecordingStored
from hookline.errors import NotFound, NotPermitted
from hookline.ports.telephony import RecordingFinished
from hookline.text import N_

log = structlog.get_logger(__name__)


class RecordingService:
    """Keeps what was recorded."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    def on_finished(self, event: RecordingFinished) -> None:
        """The backend closed a recording: note its length, size and checksum."""
        self._store(event.recording_id, event.path, event.seconds, complete=event.complete)

    def _store(self, backend_id: str, path: Path, seconds: float, *, complete: bool) -> None:
        usable = path.is_file() and path.stat().st_size > 0
        digest = _sha256(path) if usable else ""
        with self._db.write() as unit:
            row = unit.session.scalar(select(Recording).where(Recording.backend_id == backend_id))
            if row is None:
                log.warning("a recording ended that nobody started", recording=backend_id)
                return
            row.state = "stored" if usable else "failed"
            row.seconds, row.complete, row.sha256 = seconds, complete and usable, digest
            row.bytes = path.stat().st_size if usable else 0
            call = unit.session.get_one(Call, row.call_id)
            unit.emit(
                RecordingStored(
                    client_id=row.client_id,
                    campaign_id=call.campaign_id,
                    call_id=call.id,
                    agent_id=call.agent_id,
                    recording_id=row.id,
                )
            )

    def salvage(self) -> int:
        """After a crash: take in the files of recordings that were never closed; returns how many there were."""
        with self._db.read() as session:
            rows = session.scalars(select(Recording).where(Recording.state == "recording")).all()
        for row in rows:
            path = self._folder / row.path
            self._store(row.backend_id, path, _seconds(path), complete=False)
        return len(rows)

    def for_call(self, actor: Actor, call: Call) -> list[Recording]:
        """The call's stored recordings that the actor may hear; empty where he may not."""
        if not may_hear(actor, call):
            return []
        with self._db.read() as session:
            return list(
                session.scalars(select(Recording).where(Recording.call_id == call.id, Recording.state == "stored"))
            )

    def path_for(self, actor: Actor, recording_id: int) -> Path:
        """The file of a recording; raises NotFound outside the actor's scope, NotPermitted without the grant."""
        with self._db.read() as session:
            row = session.get(Recording, recording_id)
            call = session.get(Call, row.call_id) if row else None
        if row is None or call is None or not actor.scope.covers_campaign(call.client_id, call.campaign_id):
            raise NotFound(N_("There is no such recording."))
        if not may_hear(actor, call):
            raise NotPermitted(N_("You may not hear this recording."), N_("Ask your administrator for the grant."))
        path = (self._folder / row.path).resolve()
        if not path.is_relative_to(self._folder.resolve()) or not path.is_file():
            raise NotFound(N_("The recording's file is not there any more."))
        return path


def may_hear(actor: Actor, call: Call) -> bool:
    """Agents hear their own calls where granted; others by permission, within their clients."""
    if not actor.can("recordings.play") or not actor.scope.covers_campaign(call.client_id, call.campaign_id):
        return False
    if actor.role is Role.AGENT:
        return call.agent_id == actor.user_id and actor.grant(call.campaign_id).hear_own_recordings
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seconds(path: Path) -> float:
    try:
        with wave.open(str(path), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0
