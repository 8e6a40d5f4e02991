"""Recordings in an S3-compatible object store (extra `s3`). Credentials come from the environment or boto's own chain,
never from the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from hookline.ports.clock import Clock
from hookline.ports.recording_store import (
    CHUNK_BYTES,
    DeletionReceipt,
    NotStored,
    NotVerified,
    StoredFile,
    StoreUnavailable,
    checked_key,
)
from hookline.storage import checksums
from hookline.text import N_

Answer = TypeVar("Answer")
_ABSENT = {"404", "NoSuchKey", "NotFound"}
#: What servers say that keep no versions at all.
_NO_VERSIONS = {"NotImplemented", "MethodNotAllowed", "405", "501"}
#: Where our checksum stands with the object: what the server itself computes differs from one maker to the next.
_DIGEST = "sha256"


class S3Store:
    """See `hookline.ports.recording_store.RecordingStore`. `url` is "s3://bucket" or "s3://bucket/prefix"; an
    `endpoint` names another maker's server."""

    def __init__(self, url: str, clock: Clock, *, endpoint: str = "", region: str = "") -> None:
        self._url = url.rstrip("/")
        self._bucket, _, prefix = self._url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._clock = clock
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 2, "mode": "standard"},
            # Newer checksums in trailers are unknown to many makers' servers; we verify by reading back.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if endpoint else "auto"},
        )
        self._s3: Any = boto3.session.Session().client(
            "s3", endpoint_url=endpoint or None, region_name=region or None, config=config
        )

    @property
    def name(self) -> str:
        """The URL of the bucket and prefix."""
        return self._url

    def put(self, key: str, source: Path) -> StoredFile:
        """Upload, then read back."""
        digest = checksums.of_file(source)
        with source.open("rb") as body:
            _asked(
                lambda: self._s3.put_object(
                    **self._named(key), Body=body, ContentType="audio/wav", Metadata={_DIGEST: digest}
                ),
                key,
            )
        found, length = checksums.of_pieces(self.open_range(key, 0, self.size(key)))
        if found != digest:
            raise NotVerified(key)
        return StoredFile(found, length)

    def size(self, key: str) -> int:
        """The object's length."""
        return int(self._head(key)["ContentLength"])

    def open_range(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`."""
        if end <= start:
            self._head(key)
            return iter(())
        asked = {**self._named(key), "Range": f"bytes={start}-{end - 1}"}
        return _pieces(_asked(lambda: self._s3.get_object(**asked), key)["Body"])

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            self._head(key)
        except NotStored:
            return False
        return True

    def delete(self, key: str) -> DeletionReceipt:
        """Delete the object; in a bucket that keeps versions, every version of it."""
        try:
            digest = str(self._head(key).get("Metadata", {}).get(_DIGEST, ""))
        except NotStored:
            digest = ""
        for version in self._versions(key):
            self._delete_version(key, version)
        return DeletionReceipt(key, self._clock.now(), digest, self.name)

    def probe(self) -> None:
        """Ask for the bucket."""
        try:
            _asked(lambda: self._s3.head_bucket(Bucket=self._bucket), self._bucket)
        except NotStored as error:
            raise _unavailable("NoSuchBucket") from error

    def local_path(self, key: str) -> Path | None:
        """None: objects are no files."""
        checked_key(key)
        return None

    def _named(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + checked_key(key)}

    def _delete_version(self, key: str, version: str) -> None:
        named = self._named(key) | ({} if version == "null" else {"VersionId": version})
        _asked(lambda: self._s3.delete_object(**named), key)

    def _head(self, key: str) -> dict[str, Any]:
        answer: dict[str, Any] = _asked(lambda: self._s3.head_object(**self._named(key)), key)
        return answer

    def _versions(self, key: str) -> list[str]:
        named = self._named(key)
        asked = {"Bucket": named["Bucket"], "Prefix": named["Key"]}
        try:
            found = _asked(lambda: self._s3.list_object_versions(**asked), key)
        except StoreUnavailable as error:
            if error.params.get("what") in _NO_VERSIONS:
                return ["null"]
            raise  # older versions might stay: better no receipt than an untrue one
        entries = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
        return [str(e.get("VersionId") or "null") for e in entries if e["Key"] == named["Key"]]


def _asked(question: Callable[[], Answer], key: str) -> Answer:
    try:
        return question()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise NotStored(key) from error
        raise _unavailable(code) from error
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise _unavailable(type(error).__name__) from error


def _pieces(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(CHUNK_BYTES)
    except (BotoCoreError, HTTPClientError, OSError) as error:
        raise _unavailable(type(error).__name__) from error
    finally:
        body.close()


def _unavailable(what: str) -> StoreUnavailable:
    return StoreUnavailable(
        N_("The recording store does not answer as it should (%(what)s)."),
        N_("Check its address, bucket and credentials; what waits for it is sent again by itself."),
        params={"what": what},
    )
