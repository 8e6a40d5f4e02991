"""Recordings from the backend's last word to their deletion: stored, played in ranges, never lost on the way."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from hookline.bootstrap import Runtime
from hookline.cli import cli
from hookline.db.models import Recording, RecordingDeletion
from hookline.domain.access import Role, Scope
from hookline.errors import InvalidInput, NotFound, NotPermitted
from hookline.jobs import JobRun
from hookline.ports.recording_store import DeletionReceipt, NotVerified, StoredFile, StoreUnavailable
from hookline.services.recording_moves import RecordingChanged, RecordingMoves
from hookline.services.recordings import RecordingService
from hookline.storage.local import LocalStore
from hookline.storage.s3 import S3Store
from hookline.testing.centre import Centre
from tests import s3_server as s3

ONE = "+48221234567"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3.running() as address:
        yield address


@pytest.fixture
def remote(centre: Centre, endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> S3Store:
    """The centre, its recordings to end up in a bucket of its own."""
    s3.give_credentials(monkeypatch)
    bucket = f"test-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]}"
    s3.add_bucket(endpoint, bucket)
    store = S3Store(f"s3://{bucket}/calls", centre.clock, endpoint=endpoint, region="us-east-1")
    _use(centre.runtime, store)
    return store


def _use(runtime: Runtime, store: S3Store) -> None:
    working = LocalStore(runtime.settings.recordings_dir, runtime.clock)
    recordings = RecordingService(runtime.db, working, store)
    runtime.recordings = recordings
    runtime.recording_moves = RecordingMoves(runtime.db, recordings, working, store)
    runtime.engine._recordings = recordings


def _call(centre: Centre) -> Recording:
    """One recorded call, from ringing to its end."""
    anna = centre.agent("anna")
    centre.campaign([ONE], agents=[anna])
    centre.start_work(anna)
    centre.runtime.work.dial(centre.actor(anna))
    centre.advance(5)
    centre.runtime.calls.hang_up(centre.actor(anna))
    centre.advance(2)
    return _row(centre)


def _row(centre: Centre) -> Recording:
    with centre.runtime.db.read() as session:
        return session.scalars(select(Recording)).one()


def _file(centre: Centre, row: Recording) -> Path:
    return centre.runtime.settings.recordings_dir / row.path


def _heard(centre: Centre, row: Recording) -> bytes:
    sound = centre.runtime.recordings.open(centre.operator, row.id)
    return b"".join(sound.read(0, sound.size))


def test_by_default_a_recording_is_stored_where_it_was_made(centre: Centre) -> None:
    row = _call(centre)
    assert (row.state, row.store) == ("stored", "local")
    assert row.sha256 == hashlib.sha256(_file(centre, row).read_bytes()).hexdigest()
    assert centre.runtime.recording_moves.run(JobRun()) == ""
    assert _heard(centre, row) == _file(centre, row).read_bytes()


def test_another_store_gets_it_and_only_then_the_file_goes(centre: Centre, remote: S3Store) -> None:
    row = _call(centre)
    whole = _file(centre, row).read_bytes()
    assert (row.state, row.store) == ("stored", "")
    assert _heard(centre, row) == whole, "it can be played while it waits"
    assert centre.runtime.recording_moves.run(JobRun()) == "stored 1, deleted 0"
    row = _row(centre)
    assert row.store == remote.name
    assert not _file(centre, row).exists()
    assert _heard(centre, row) == whole
    part = centre.runtime.recordings.open(centre.operator, row.id).read(100, 200)
    assert b"".join(part) == whole[100:200]
    assert centre.runtime.recording_moves.run(JobRun()) == ""


class _Broken(S3Store):
    """A store in which a chosen act fails."""

    fails: Exception | None = None

    def put(self, key: str, source: Path) -> StoredFile:
        """Fail, if it is to."""
        if self.fails is not None:
            raise self.fails
        return super().put(key, source)

    def delete(self, key: str) -> DeletionReceipt:
        """Fail, if it is to."""
        if self.fails is not None:
            raise self.fails
        return super().delete(key)


@pytest.fixture
def broken(centre: Centre, remote: S3Store, endpoint: str) -> _Broken:
    store = _Broken(remote.name, centre.clock, endpoint=endpoint, region="us-east-1")
    _use(centre.runtime, store)
    return store


@pytest.mark.parametrize("failure", [StoreUnavailable("away"), NotVerified("key")])
def test_an_upload_that_fails_loses_nothing_and_is_tried_again(
    centre: Centre, broken: _Broken, failure: Exception
) -> None:
    row = _call(centre)
    broken.fails = failure
    with pytest.raises(type(failure)):
        centre.runtime.recording_moves.run(JobRun())
    assert _row(centre).store == ""
    assert _file(centre, row).is_file()
    broken.fails = None
    assert centre.runtime.recording_moves.run(JobRun()) == "stored 1, deleted 0"
    assert _row(centre).store == broken.name


def test_a_crash_between_storing_and_clearing_away_is_made_good(centre: Centre, remote: S3Store) -> None:
    row = _call(centre)
    file = _file(centre, row)
    whole = file.read_bytes()
    centre.runtime.recording_moves.run(JobRun())
    file.write_bytes(whole)  # as it would be had the process died before it removed the file
    stray = file.with_name("no-row-knows-it.wav")
    stray.write_bytes(b"RIFF")
    centre.runtime.recording_moves.run(JobRun())
    assert not file.exists()
    assert stray.exists(), "what no store holds is never cleared away"


def test_recordings_made_before_the_store_was_set_are_brought_there(
    centre: Centre, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _call(centre)
    assert row.store == "local"
    s3.give_credentials(monkeypatch)
    s3.add_bucket(endpoint, "set-later")
    _use(centre.runtime, S3Store("s3://set-later", centre.clock, endpoint=endpoint))
    centre.runtime.recording_moves.run(JobRun())
    assert _row(centre).store == "s3://set-later"


def test_a_file_changed_after_the_call_stays_and_is_reported(centre: Centre, remote: S3Store) -> None:
    row = _call(centre)
    with _file(centre, row).open("ab") as file:
        file.write(b"something else")
    with pytest.raises(RecordingChanged):
        centre.runtime.recording_moves.run(JobRun())
    assert _file(centre, row).is_file()
    assert _row(centre).store == ""


def test_a_deletion_takes_the_sound_and_keeps_a_receipt(centre: Centre, remote: S3Store) -> None:
    row = _call(centre)
    centre.runtime.recording_moves.run(JobRun())
    receipt = centre.runtime.recordings.delete(centre.operator, row.id, "asked by the contact")
    assert (receipt.store, receipt.sha256, receipt.reason) == (remote.name, row.sha256, "asked by the contact")
    assert receipt.deleted_at == centre.clock.now()
    assert not remote.exists(row.path)
    assert _row(centre).state == "deleted"
    assert centre.calls(), "the call stays"
    with pytest.raises(NotFound):
        centre.runtime.recordings.open(centre.operator, row.id)
    assert centre.runtime.recordings.delete(centre.operator, row.id, "again").id == receipt.id


def test_a_deletion_the_store_refuses_is_finished_by_the_job(centre: Centre, broken: _Broken) -> None:
    row = _call(centre)
    centre.runtime.recording_moves.run(JobRun())
    broken.fails = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        centre.runtime.recordings.delete(centre.operator, row.id, "its period is over")
    with pytest.raises(NotFound):
        centre.runtime.recordings.open(centre.operator, row.id)
    broken.fails = None
    assert centre.runtime.recording_moves.run(JobRun()) == "stored 0, deleted 1"
    with centre.runtime.db.read() as session:
        assert session.scalars(select(RecordingDeletion)).one().deleted_at is not None
    assert not broken.exists(row.path)


def test_a_recording_is_deleted_from_the_working_folder_too(centre: Centre, remote: S3Store) -> None:
    row = _call(centre)
    receipt = centre.runtime.recordings.delete(centre.operator, row.id, "asked by the contact")
    assert receipt.sha256 == row.sha256
    assert not _file(centre, row).exists()


def test_who_may_not_delete_does_not(centre: Centre) -> None:
    row = _call(centre)
    boss = centre.actor(centre.user("boss", Role.SUPERVISOR, clients=[centre.client_id]))
    with pytest.raises(NotPermitted):
        centre.runtime.recordings.delete(boss, row.id, "because")
    foreign = dataclasses.replace(centre.operator, scope=Scope(frozenset({centre.client("Globex")})))
    with pytest.raises(NotFound):
        centre.runtime.recordings.delete(foreign, row.id, "because")
    with pytest.raises(InvalidInput):
        centre.runtime.recordings.delete(centre.operator, row.id, "  ")
    assert _file(centre, row).is_file()


def test_verifying_finds_what_is_missing_or_changed(centre: Centre, remote: S3Store, endpoint: str) -> None:
    row = _call(centre)
    centre.runtime.recording_moves.run(JobRun())
    moves, everything = centre.runtime.recording_moves, Scope.everything()
    assert [f.problem for f in moves.verify(everything)] == [""]
    assert list(moves.verify(Scope(frozenset()))) == []
    bucket = remote.name.removeprefix("s3://").partition("/")[0]
    boto3.client("s3", endpoint_url=endpoint).put_object(Bucket=bucket, Key=f"calls/{row.path}", Body=b"other")
    assert "was changed" in next(moves.verify(everything)).problem
    remote.delete(row.path)
    assert "not there any more" in next(moves.verify(everything)).problem


def test_the_command_says_what_is_wrong_and_fails(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _call(centre)
    monkeypatch.setenv("HOOKLINE_DATA_DIR", str(centre.runtime.settings.data_dir))
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", centre.runtime.db.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    run = CliRunner()
    fine = run.invoke(cli, ["recordings", "verify"])
    assert "1 recordings, each as it was stored." in fine.output
    _file(centre, row).write_bytes(b"other")
    bad = run.invoke(cli, ["recordings", "verify", "--client", "Acme"])
    assert f"recording {row.id} (call {row.call_id}" in bad.output
    assert bad.exit_code != 0
    gone = run.invoke(cli, ["recordings", "delete", str(row.id), "--because", "spoilt"])
    assert "Deleted" in gone.output
    assert not _file(centre, row).exists()
