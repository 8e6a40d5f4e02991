"""Recordings: closed by the backend, stored with checksum and length, played to those who may, deleted with a receipt.

A backend records into the working folder. What it closed can be played at once; where another store is set, the job
`core.store-recordings` brings it there and only then removes the local file (see `RecordingMoves`).
"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path

import structlog
from sqlalchemy import select

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Call, Recording, RecordingDeletion
from hookline.domain.access import Actor, Role
from hookline.domain.events import RecordingStored
from hookline.errors import Conflict, InvalidInput, NotConfigured, NotFound, NotPermitted
from hookline.ports.recording_store import RecordingStore, Sound
from hookline.ports.telephony import MendsRecordings, RecordingFinished, TelephonyBackend, TelephonyError
from hookline.storage import checksums
from hookline.storage.local import LocalStore
from hookline.text import N_

log = structlog.get_logger(__name__)


class RecordingService:
    """Keeps what was recorded. `working` is the folder that backends record into; `store` where recordings end up."""

    def __init__(self, db: Database, working: LocalStore, store: RecordingStore) -> None:
        self._db = db
        self._working = working
        self._store = store
        self._stores: Mapping[str, RecordingStore] = {"": working, working.name: working, store.name: store}

    def on_finished(self, event: RecordingFinished) -> None:
        """The backend closed a recording: note its length, size and checksum."""
        gaps = [[second, length] for second, length in event.gaps]
        self._take_in(event.recording_id, event.path, event.seconds, complete=event.complete, gaps=gaps)

    def _take_in(
        self, backend_id: str, path: Path, seconds: float, *, complete: bool, gaps: list[list[float]] | None = None
    ) -> None:
        usable = path.is_file() and path.stat().st_size > 0
        digest = checksums.of_file(path) if usable else ""
        with self._db.write() as unit:
            row = unit.session.scalar(select(Recording).where(Recording.backend_id == backend_id))
            if row is None:
                log.warning("a recording ended that nobody started", recording=backend_id)
                return
            row.state = "stored" if usable else "failed"
            row.seconds, row.complete, row.sha256 = seconds, complete and usable, digest
            row.bytes = path.stat().st_size if usable else 0
            row.gaps = gaps or []
            # Where the store is the working folder, it is at its place already.
            row.store = self._store.name if usable and self._store is self._working else ""
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

    def salvage(self, backends: Mapping[str, TelephonyBackend]) -> int:
        """After a crash: take in what there is of recordings that were never closed; returns how many that were.

        One that another process still writes is left for the next start.
        """
        query = select(Recording, Call.backend).join(Call, Call.id == Recording.call_id)
        with self._db.read() as session:
            rows = session.execute(query.where(Recording.state == "recording")).all()
        taken = 0
        for row, backend in rows:
            gaps = _mended(backends.get(backend), self._working.place(row.path))
            if gaps is None:
                continue
            path = self._working.local_path(row.path)
            self._take_in(row.backend_id, path or Path(), _seconds(path) if path else 0.0, complete=False, gaps=gaps)
            taken += 1
        return taken

    def for_call(self, actor: Actor, call: Call) -> list[Recording]:
        """The call's stored recordings that the actor may hear; empty where he may not."""
        if not may_hear(actor, call):
            return []
        with self._db.read() as session:
            return list(
                session.scalars(select(Recording).where(Recording.call_id == call.id, Recording.state == "stored"))
            )

    def open(self, actor: Actor, recording_id: int) -> Sound:
        """A recording to be played, in whole or in ranges.

        Raises NotFound outside the actor's scope, NotPermitted without the grant, StoreUnavailable.
        """
        row, call = self._reachable(actor, recording_id)
        if not may_hear(actor, call):
            raise NotPermitted(N_("You may not hear this recording."), N_("Ask your administrator for the grant."))
        if row.state in ("deleting", "deleted"):
            raise NotFound(N_("This recording was deleted."))
        if row.state != "stored":
            raise NotFound(N_("There is no such recording."))
        store = self.store_of(row)
        return Sound(
            store.size(row.path), row.sha256, lambda start, end: store.open_range(row.path, start, end), row.codec
        )

    def outline(self, actor: Actor, recording_id: int) -> Recording:
        """A recording for the player: its length, pauses and waveform. Raises NotFound, NotPermitted."""
        row, call = self._reachable(actor, recording_id)
        if not may_hear(actor, call):
            raise NotPermitted(N_("You may not hear this recording."), N_("Ask your administrator for the grant."))
        if row.state != "stored":
            raise NotFound(N_("There is no such recording."))
        return row

    def delete(self, actor: Actor, recording_id: int, reason: str) -> RecordingDeletion:
        """Delete the sound for good and keep a receipt; the call stays. Safe to run again.

        A store that is away is asked again by `core.store-recordings`: nobody hears the recording from now on. Raises
        NotFound, NotPermitted, InvalidInput without a reason, Conflict while it is being recorded.
        """
        actor.require("recordings.delete")
        row, _ = self._reachable(actor, recording_id)
        if not reason.strip():
            raise InvalidInput(N_("Say why the recording is deleted."), N_("The receipt keeps the reason."))
        with self._db.write() as unit:
            ask_deletion(unit, unit.session.get_one(Recording, row.id), reason, actor.user_id)
        return self.finish_deletion(recording_id)

    def finish_deletion(self, recording_id: int) -> RecordingDeletion:
        """Delete what was asked to be deleted, from its store and from the working folder; the receipt."""
        with self._db.read() as session:
            row = session.get_one(Recording, recording_id)
            receipt = session.scalars(
                select(RecordingDeletion).where(RecordingDeletion.recording_id == recording_id)
            ).one()
        if receipt.deleted_at is not None:
            return receipt
        left = self._working.delete(row.path)  # also where a crash left a copy of what is stored elsewhere
        store = self.store_of(row)
        proof = left if store is self._working else store.delete(row.path)
        if row.replaced:  # a crash left the file that was compressed
            store.delete(row.replaced)
        with self._db.write() as unit:
            receipt = unit.session.get_one(RecordingDeletion, receipt.id)
            receipt.store, receipt.sha256 = proof.store, proof.sha256 or left.sha256
            receipt.deleted_at = unit.clock.now()
            gone = unit.session.get_one(Recording, recording_id)
            gone.state, gone.replaced, gone.peaks = "deleted", "", None
        log.info("recording deleted", recording=recording_id, store=proof.store)
        return receipt

    def store_of(self, row: Recording) -> RecordingStore:
        """The store that holds a recording; raises NotConfigured where the settings name it no more."""
        store = self._stores.get(row.store)
        if store is None:
            raise NotConfigured(
                N_("This recording is kept in %(store)s, which the settings do not name any more."),
                N_("Set recording_store back, or bring its recordings to the new store."),
                params={"store": row.store},
            )
        return store

    def _reachable(self, actor: Actor, recording_id: int) -> tuple[Recording, Call]:
        with self._db.read() as session:
            row = session.get(Recording, recording_id)
            call = session.get(Call, row.call_id) if row else None
        if row is None or call is None or not actor.scope.covers_campaign(call.client_id, call.campaign_id):
            raise NotFound(N_("There is no such recording."))
        return row, call


def ask_deletion(unit: UnitOfWork, row: Recording, reason: str, asked_by: int | None) -> bool:
    """Have a recording deleted: nobody hears it from now on, and `finish_deletion` follows. False where that was asked
    before. Raises Conflict while it is being recorded."""
    if row.state == "recording":
        raise Conflict(N_("This call is still being recorded."), N_("Wait until it is over."))
    if row.state in ("deleting", "deleted"):
        return False
    row.state = "deleting"
    receipt = RecordingDeletion(
        recording_id=row.id,
        client_id=row.client_id,
        key=row.path,
        store=row.store,
        sha256="",
        reason=reason.strip()[:500],
        asked_by=asked_by,
        asked_at=unit.clock.now(),
    )
    unit.session.add(receipt)
    return True


def may_hear(actor: Actor, call: Call) -> bool:
    """Agents hear their own calls where granted; others by permission, within their clients."""
    if not actor.can("recordings.play") or not actor.scope.covers_campaign(call.client_id, call.campaign_id):
        return False
    if actor.role is Role.AGENT:
        return call.agent_id == actor.user_id and actor.grant(call.campaign_id).hear_own_recordings
    return True


def _mended(backend: TelephonyBackend | None, path: Path) -> list[list[float]] | None:
    """Have the backend make a file of what it left in pieces; the gaps, None where it is too early for that."""
    if not isinstance(backend, MendsRecordings):
        return []
    try:
        return [[second, length] for second, length in backend.mend_recording(path)]
    except TelephonyError as error:
        log.error("a recording could not be mended", error=error.id)
        return None if error.retryable else []


def _seconds(path: Path) -> float:
    try:
        with wave.open(str(path), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0
