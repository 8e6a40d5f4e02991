"""Recordings: at Twilio each side of the customer's call on a channel, then fetched, and deleted there."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog

from hookline.ports.telephony import HangupCause, RecordingFinished
from hookline.storage import checksums
from hookline_telephony_twilio.ending import Ending
from hookline_telephony_twilio.errors import IdInUse, NoSuchRecording, UnwritableRecording
from hookline_telephony_twilio.gaps import finish_wav
from hookline_telephony_twilio.provider.errors import ProviderError
from hookline_telephony_twilio.provider.media import fetch
from hookline_telephony_twilio.provider.rest import TwilioRest
from hookline_telephony_twilio.shared import Shared
from hookline_telephony_twilio.table import LegEntry, RecordingEntry

log = structlog.get_logger(__name__)
_LOOK_SECONDS = 2.0
_MOST_LOOKS = 60
_SECOND = timedelta(seconds=1)


class Taping:
    """Records legs."""

    def __init__(self, shared: Shared, ending: Ending) -> None:
        self._shared, self._ending = shared, ending
        self._legs: dict[str, LegEntry] = {}
        shared.close_recordings = self.close_with

    def start(self, entry: LegEntry, recording_id: str, path: Path) -> None:
        """Record the leg from now on. Raises IdInUse, UnwritableRecording."""
        shared = self._shared
        if recording_id in shared.table.recordings:
            raise IdInUse
        prepare_folder(path)
        recording = RecordingEntry(recording_id, entry.leg_id, entry.conversation_id, path)
        shared.table.recordings[recording_id] = recording
        self._legs[recording_id] = entry
        self._do(recording, lambda: self._start(entry, recording), lambda _error: self._gave_up(recording))

    def pause(self, recording_id: str, on: bool) -> None:
        """Leave out what is said, or go on. Raises NoSuchRecording."""
        recording = self._shared.table.recordings.get(recording_id)
        if recording is None or recording.closing:
            raise NoSuchRecording
        self._do(recording, lambda: self._pause(recording, on))

    def stop(self, recording_id: str) -> None:
        """Close it; one that has closed by itself is no error."""
        recording = self._shared.table.recordings.get(recording_id)
        if recording is not None and not recording.closing:
            recording.closing = True
            self._do(recording, lambda: self._stop(recording))

    def close_with(self, entry: LegEntry, why: HangupCause) -> bool:
        """The leg has ended, and its recordings with it; whether there are any to wait for."""
        mine = [one for one in self._shared.table.recordings.values() if one.leg_id == entry.leg_id]
        for recording in mine:
            recording.closing = True
            recording.complete = recording.complete and why is not HangupCause.LOST
            self._close_gap(recording)
            self._look_later(recording, 0)
        return bool(mine)

    def told(self, recording_id: str, sid: str, status: str) -> None:
        """A recording callback."""
        with self._shared.lock:
            recording = self._shared.table.recordings.get(recording_id)
            if recording is None or (recording.sid and recording.sid != sid):
                return
            if not recording.sid:
                self._begun(recording, sid)
            if status in ("completed", "absent", "failed"):
                self._over(recording, status)

    # Inside; what talks with Twilio runs as the recording's own work

    def _do(self, recording: RecordingEntry, work: object, failed: object = None) -> None:
        # In the room's order: what is said after a pause was asked for must not be heard before it is in force.
        self._shared.works.do(f"room-{recording.conversation_id}", work, failed)  # type: ignore[arg-type]

    def _start(self, entry: LegEntry, recording: RecordingEntry) -> None:
        rest, callback = self._shared.rest_of(entry), self._shared.address(f"recording/{recording.recording_id}")
        if recording.sid:
            return
        try:
            seen = rest.start_recording(entry.sid, callback)
        except ProviderError as error:
            if not error.unclear:
                raise
            running = [one for one in rest.recordings_of(entry.sid) if one.status in ("in-progress", "processing")]
            known = {one.sid for one in self._shared.table.recordings.values()}
            found = next((one for one in running if one.sid not in known), None)
            if found is None:
                raise
            seen = found
        with self._shared.lock:
            self._begun(recording, seen.sid)

    def _begun(self, recording: RecordingEntry, sid: str) -> None:
        if recording.sid:
            return
        entry = self._legs[recording.recording_id]
        recording.sid, recording.begun_at = sid, self._shared.clock.now()
        self._shared.works.do(f"book-{entry.leg_id}", partial(self._shared.book.recording, recording, entry))

    def _pause(self, recording: RecordingEntry, on: bool) -> None:
        entry = self._legs[recording.recording_id]
        if bool(recording.paused_at) is on or recording.fetching or not recording.sid:
            return
        try:
            rest = self._shared.rest_of(entry)
            rest.set_recording(entry.sid, recording.sid, "paused" if on else "in-progress")
        except ProviderError as error:
            if not error.over:
                raise
            return
        with self._shared.lock:
            if on:
                recording.paused_at = self._shared.clock.now()
            else:
                self._close_gap(recording)

    def _close_gap(self, recording: RecordingEntry) -> None:
        if recording.paused_at is None or recording.begun_at is None:
            return
        left_out = sum(length for _, length in recording.gaps)
        at = (recording.paused_at - recording.begun_at) / _SECOND - left_out
        recording.gaps.append((max(0.0, at), (self._shared.clock.now() - recording.paused_at) / _SECOND))
        recording.paused_at = None

    def _stop(self, recording: RecordingEntry) -> None:
        entry = self._legs[recording.recording_id]
        with self._shared.lock:
            self._close_gap(recording)
        try:
            if recording.sid:
                self._shared.rest_of(entry).set_recording(entry.sid, recording.sid, "stopped")
        except ProviderError as error:
            if not error.over:
                raise
        self._look_later(recording, 0)

    def _look_later(self, recording: RecordingEntry, looks: int) -> None:
        key = f"rec-{recording.recording_id}"
        self._shared.works.later(_LOOK_SECONDS, key, lambda: self._look(recording, looks))

    def _look(self, recording: RecordingEntry, looks: int) -> None:
        """Nothing was heard of it: ask."""
        if recording.recording_id not in self._shared.table.recordings or recording.fetching:
            return
        if not recording.sid or looks >= _MOST_LOOKS:
            self._gave_up(recording)
            return
        try:
            rest = self._shared.rest_of(self._legs[recording.recording_id])
            status = rest.recording(recording.sid).status
        except ProviderError as error:
            if not error.gone:
                raise
            status = "absent"
        if status in ("completed", "absent", "failed"):
            with self._shared.lock:
                self._over(recording, status)
        else:
            self._look_later(recording, looks + 1)

    def _over(self, recording: RecordingEntry, status: str) -> None:
        if recording.fetching:
            return
        recording.fetching = recording.closing = True
        if status == "completed":
            work, failed = (lambda: self._fetch(recording)), (lambda _error: self._gave_up(recording))
            self._shared.works.do(f"rec-{recording.recording_id}", work, failed)
        else:
            self._gave_up(recording)

    def _fetch(self, recording: RecordingEntry) -> None:
        entry = self._legs[recording.recording_id]
        rest = self._shared.rest_of(entry)
        part = recording.path.with_suffix(".part")
        fetch(rest, recording.sid, part)
        seconds, gaps = finish_wav(part, recording.gaps)
        os.replace(part, recording.path)
        digest = checksums.of_file(recording.path)
        self._shared.book.fetched(recording.recording_id, recording.path.stat().st_size, digest)
        self._finish(recording, seconds, gaps, complete=recording.complete)
        # Work of its own: where it fails it is done again, and the fetching is not.
        self._shared.works.do(f"rec-{recording.recording_id}", lambda: self._delete(rest, recording))

    def _delete(self, rest: TwilioRest, recording: RecordingEntry) -> None:
        if rest.delete_recording(recording.sid):
            log.info("recording_deleted_at_twilio", recording=recording.recording_id)
        self._shared.book.deleted(recording.recording_id)

    def _gave_up(self, recording: RecordingEntry) -> None:
        log.error("recording_not_to_be_had", recording=recording.recording_id)
        self._finish(recording, 0.0, (), complete=False)

    def _finish(
        self, recording: RecordingEntry, seconds: float, gaps: tuple[tuple[float, float], ...], *, complete: bool
    ) -> None:
        shared = self._shared
        with shared.lock:
            if shared.table.recordings.pop(recording.recording_id, None) is None:
                return
            entry = self._legs.pop(recording.recording_id)
            shared.tell(
                RecordingFinished(
                    conversation_id=entry.conversation_id,
                    leg_id=entry.leg_id,
                    at=shared.now(entry),
                    recording_id=recording.recording_id,
                    path=recording.path,
                    seconds=seconds,
                    complete=complete,
                    gaps=gaps,
                )
            )
            if not any(one.leg_id == entry.leg_id for one in shared.table.recordings.values()):
                self._ending.release(entry)


def prepare_folder(path: Path) -> None:
    """Make the folder of a recording. Raises UnwritableRecording."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UnwritableRecording from error
    if not os.access(path.parent, os.W_OK):
        raise UnwritableRecording
