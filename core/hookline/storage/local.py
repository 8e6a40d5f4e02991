"""Recordings in a folder of this machine: the default."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

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

LOCAL = "local"
_PART = ".part"


class LocalStore:
    """See `hookline.ports.recording_store.RecordingStore`. The folder may be the one that backends record into:
    a file that lies at its key's place already is not copied."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder.resolve()
        self._clock = clock

    @property
    def name(self) -> str:
        """Always "local": the folder may be moved with the installation."""
        return LOCAL

    def put(self, key: str, source: Path) -> StoredFile:
        """Copy the file to its place, whole or not at all."""
        target, wanted = self._path(key), checksums.of_file(source)
        if target != source.resolve():
            try:
                _copy(source, target)
            except OSError as error:
                raise _unavailable() from error
            if checksums.of_file(target) != wanted:
                raise NotVerified(key)
        return StoredFile(wanted, target.stat().st_size)

    def size(self, key: str) -> int:
        """The file's length."""
        return self._present(key).stat().st_size

    def open_range(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`."""
        # Opened now, so that what is missing is said before anything is sent, and a delete meanwhile does not cut it.
        return _pieces(os.open(self._present(key), os.O_RDONLY), start, end)

    def exists(self, key: str) -> bool:
        """Whether the file is there."""
        return self._path(key).is_file()

    def delete(self, key: str) -> DeletionReceipt:
        """Unlink the file."""
        path, digest = self._path(key), ""
        if path.is_file():
            digest = checksums.of_file(path)
            path.unlink(missing_ok=True)
        return DeletionReceipt(key, self._clock.now(), digest, self.name)

    def probe(self) -> None:
        """Make the folder where it is missing, and see whether it may be written to."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise _unavailable() from error
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise _unavailable()

    def place(self, key: str) -> Path:
        """Where the file lies, or would lie."""
        return self._path(key)

    def local_path(self, key: str) -> Path | None:
        """The file, if it is there."""
        path = self._path(key)
        return path if path.is_file() else None

    def keys(self) -> Iterator[str]:
        """Every key that holds something."""
        for path in self._folder.rglob("*"):
            if path.is_file() and path.suffix != _PART:
                yield path.relative_to(self._folder).as_posix()

    def _path(self, key: str) -> Path:
        path = (self._folder / checked_key(key)).resolve()
        if not path.is_relative_to(self._folder):
            raise NotStored(key)  # a link that leads out
        return path

    def _present(self, key: str) -> Path:
        path = self.local_path(key)
        if path is None:
            raise NotStored(key)
        return path


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = target.with_name(f"{target.name}.{os.getpid()}{_PART}")
    try:
        with source.open("rb") as reader, draft.open("wb") as writer:
            shutil.copyfileobj(reader, writer, CHUNK_BYTES)
            writer.flush()
            os.fsync(writer.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _pieces(handle: int, start: int, end: int) -> Iterator[bytes]:
    with os.fdopen(handle, "rb") as file:
        file.seek(start)
        left = end - start
        while left > 0 and (piece := file.read(min(CHUNK_BYTES, left))):
            left -= len(piece)
            yield piece


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable(
        N_("The recordings folder cannot be written to."),
        N_("Look at the free space and the permissions of the data folder."),
    )
