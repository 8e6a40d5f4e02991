"""One suite for every recording store: the local folder, and S3 as a real server speaks it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from hookline.ports.recording_store import BadKey, NotStored, RecordingStore, StoreUnavailable
from hookline.storage.local import LocalStore
from hookline.storage.s3 import S3Store
from hookline.testing.clock import VirtualClock
from tests import s3_server as s3

KEY = "2026/11/24/call-7-0a1b2c3d.wav"
BUCKET = "recordings"


@dataclass
class Rig:
    """A store under test, and a clock that says when something was deleted."""

    store: RecordingStore
    clock: VirtualClock


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    with s3.running() as endpoint:
        yield endpoint


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    s3.give_credentials(monkeypatch)


@pytest.fixture(params=["local", "s3", "s3_versioned"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    clock = VirtualClock()
    if request.param == "local":
        return Rig(LocalStore(tmp_path / "store", clock), clock)
    request.getfixturevalue("credentials")
    endpoint = request.getfixturevalue("s3_server")
    bucket = f"{BUCKET}-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]}"
    s3.add_bucket(endpoint, bucket, versions=request.param == "s3_versioned")
    return Rig(S3Store(f"s3://{bucket}/calls", clock, endpoint=endpoint, region="us-east-1"), clock)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A file that is longer than one piece."""
    path = tmp_path / "sound.wav"
    path.write_bytes(bytes(i * 31 % 251 for i in range(700_001)))
    return path


def _all(store: RecordingStore, key: str) -> bytes:
    return b"".join(store.open_range(key, 0, store.size(key)))


def test_what_is_put_is_got_back_to_the_byte(rig: Rig, sound: Path) -> None:
    stored = rig.store.put(KEY, sound)
    assert stored.sha256 == hashlib.sha256(sound.read_bytes()).hexdigest()
    assert stored.bytes == rig.store.size(KEY) == 700_001
    assert rig.store.exists(KEY)
    assert _all(rig.store, KEY) == sound.read_bytes()
    assert sound.exists(), "the source is the caller's"


@pytest.mark.parametrize(("start", "end"), [(0, 1), (10, 20), (699_990, 700_001), (262_140, 262_150), (5, 5)])
def test_ranges_are_read_alone(rig: Rig, sound: Path, start: int, end: int) -> None:
    rig.store.put(KEY, sound)
    assert b"".join(rig.store.open_range(KEY, start, end)) == sound.read_bytes()[start:end]


def test_putting_again_is_safe_and_replaces(rig: Rig, sound: Path, tmp_path: Path) -> None:
    assert rig.store.put(KEY, sound) == rig.store.put(KEY, sound)
    other = tmp_path / "other.wav"
    other.write_bytes(b"shorter")
    rig.store.put(KEY, other)
    assert _all(rig.store, KEY) == b"shorter"


def test_deleting_leaves_a_receipt_and_nothing_else(rig: Rig, sound: Path) -> None:
    digest = rig.store.put(KEY, sound).sha256
    rig.clock.advance(60)
    receipt = rig.store.delete(KEY)
    assert (receipt.key, receipt.sha256, receipt.store) == (KEY, digest, rig.store.name)
    assert receipt.at == rig.clock.now()
    assert not rig.store.exists(KEY)
    assert rig.store.local_path(KEY) is None
    with pytest.raises(NotStored):
        rig.store.size(KEY)
    with pytest.raises(NotStored):
        rig.store.open_range(KEY, 0, 1)


def test_deleting_what_is_not_there_is_no_error_and_claims_nothing(rig: Rig) -> None:
    assert rig.store.delete(KEY).sha256 == ""


def test_deleting_takes_this_key_and_no_other(rig: Rig, sound: Path) -> None:
    rig.store.put(KEY, sound)
    rig.store.put(f"{KEY}.wav", sound)
    rig.store.delete(KEY)
    assert rig.store.exists(f"{KEY}.wav")


def test_a_missing_source_is_said(rig: Rig, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rig.store.put(KEY, tmp_path / "nothing.wav")
    assert not rig.store.exists(KEY)


@pytest.mark.parametrize("key", ["../outside.wav", "/etc/passwd", "a/../../b", "", "a//b", "a\\b", "a\x00b", "."])
def test_a_key_stays_inside(rig: Rig, sound: Path, key: str) -> None:
    for act in (lambda: rig.store.put(key, sound), lambda: rig.store.delete(key), lambda: rig.store.local_path(key)):
        with pytest.raises(BadKey):
            act()


def test_older_versions_go_with_a_deletion(credentials: None, s3_server: str, sound: Path, tmp_path: Path) -> None:
    s3.add_bucket(s3_server, "with-versions", versions=True)
    store = S3Store("s3://with-versions", VirtualClock(), endpoint=s3_server)
    store.put(KEY, sound)
    store.put(KEY, sound)
    store.delete(KEY)
    left = boto3.client("s3", endpoint_url=s3_server).list_object_versions(Bucket="with-versions")
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")


def test_a_store_that_is_away_says_so_and_never_that_nothing_is_there(credentials: None, sound: Path) -> None:
    store = S3Store("s3://bucket/calls", VirtualClock(), endpoint="http://127.0.0.1:9", region="us-east-1")
    for act in (lambda: store.put(KEY, sound), lambda: store.exists(KEY), lambda: store.delete(KEY)):
        with pytest.raises(StoreUnavailable):
            act()


def test_a_bucket_that_is_missing_is_no_missing_recording(credentials: None, s3_server: str, sound: Path) -> None:
    store = S3Store("s3://nobodys-bucket", VirtualClock(), endpoint=s3_server)
    with pytest.raises(StoreUnavailable):
        store.put(KEY, sound)


def test_a_file_that_lies_at_its_place_is_not_copied(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, VirtualClock())
    path = tmp_path / KEY
    path.parent.mkdir(parents=True)
    path.write_bytes(b"RIFF")
    inode = path.stat().st_ino
    assert store.put(KEY, path).bytes == 4
    assert path.stat().st_ino == inode
    assert store.local_path(KEY) == path
    assert list(store.keys()) == [KEY]
