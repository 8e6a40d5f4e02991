"""Compressing recordings, and measuring them for the player. A background job; what is not verified replaces nothing.

The compressed file is put beside the original, the row is turned to it, and then the original is deleted: at no moment
is there no good file, and after a crash between two steps the next run finishes what was begun.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, String, cast, or_, select

from hookline import sound_files
from hookline.db.database import Database
from hookline.db.models import Recording
from hookline.errors import HooklineError
from hookline.jobs import JobRun
from hookline.ports.recording_store import RecordingStore, StoreUnavailable
from hookline.services.recordings import RecordingService

log = structlog.get_logger(__name__)

_AT_ONCE = 50


class RecordingCodecs:
    """Brings stored recordings to `codec` ("flac", "opus"; "wav" only measures them)."""

    def __init__(self, db: Database, recordings: RecordingService, codec: str) -> None:
        self._db = db
        self._recordings = recordings
        self._codec = codec

    def run(self, run: JobRun) -> str:
        """Compress and measure some of those that wait; says how many. Stops between two when asked to."""
        done, waiting = 0, self._waiting()
        for number, recording_id in enumerate(waiting):
            run.progress(number, len(waiting))
            try:
                done += self._work(recording_id)
            except StoreUnavailable:
                raise
            except (HooklineError, OSError, sound_files.NotTheSame) as error:
                log.error("a recording could not be compressed", recording=recording_id, exc_info=error)
                self._give_up(recording_id)
        return str(done)

    def _waiting(self) -> list[int]:
        # One that was measured in vain is no sound: it is kept as it is.
        wrong_codec = (Recording.codec == "wav") & (self._codec != "wav")
        with self._db.read() as session:
            return list(
                session.scalars(
                    select(Recording.id)
                    # A recording in the working folder alone is on its way to its store: it is left until it is there.
                    .where(Recording.state == "stored", Recording.store != "")
                    .where(or_(wrong_codec & _sound(), _unmeasured(), Recording.replaced != ""))
                    .order_by(Recording.id)
                    .limit(_AT_ONCE)
                )
            )

    def _work(self, recording_id: int) -> int:
        with self._db.read() as session:
            row = session.get_one(Recording, recording_id)
        store = self._recordings.store_of(row)
        if row.replaced:
            self._delete_replaced(row, store)
            return 0
        with tempfile.TemporaryDirectory() as scratch:
            source = Path(scratch) / Path(row.path).name
            with source.open("wb") as file:
                file.writelines(store.open_range(row.path, 0, store.size(row.path)))
            measured = sound_files.measure(source)
            if row.codec != "wav" or self._codec == "wav":
                self._note(row, measured)
                return 1
            target = source.with_suffix(sound_files.CODECS[self._codec][2])
            sound_files.compress(source, target, self._codec)
            key = str(Path(row.path).with_suffix(target.suffix))
            stored = store.put(key, target)
        if self._turn_to(row, key, stored.sha256, stored.bytes, measured):
            self._delete_replaced(row, store)
        else:
            store.delete(key)  # it was deleted meanwhile
        return 1

    def _note(self, row: Recording, measured: sound_files.Measured) -> None:
        with self._db.write() as unit:
            unit.session.get_one(Recording, row.id).peaks = measured.peaks

    def _turn_to(self, row: Recording, key: str, sha256: str, size: int, measured: sound_files.Measured) -> bool:
        with self._db.write() as unit:
            fresh = unit.session.get_one(Recording, row.id)
            if fresh.state != "stored" or fresh.path != row.path:
                return False
            fresh.replaced, fresh.path, fresh.codec = row.path, key, self._codec
            fresh.sha256, fresh.bytes, fresh.peaks = sha256, size, measured.peaks
        return True

    def _delete_replaced(self, row: Recording, store: RecordingStore) -> None:
        with self._db.read() as session:
            replaced = session.get_one(Recording, row.id).replaced
        if replaced:
            store.delete(replaced)
        with self._db.write() as unit:
            unit.session.get_one(Recording, row.id).replaced = ""

    def _give_up(self, recording_id: int) -> None:
        """Keep it as it is: an empty waveform says that it was tried in vain."""
        with self._db.write() as unit:
            row = unit.session.get_one(Recording, recording_id)
            row.peaks = row.peaks or []


def _unmeasured() -> ColumnElement[bool]:
    # JSON columns keep Python's None as JSON's null.
    return or_(Recording.peaks.is_(None), cast(Recording.peaks, String) == "null")


def _sound() -> ColumnElement[bool]:
    return or_(Recording.peaks.is_(None), cast(Recording.peaks, String) != "[]")
