"""The recording store: where closed recordings are kept, played from and deleted.

A backend records into the working folder, a local one. What it closed is put into the store under a key, and is
read back from there in ranges, so that a player can seek.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from hookline.errors import HooklineError
from hookline.text import N_

CHUNK_BYTES = 256 * 1024
"""The most that `open_range` hands out at once."""


class StoreUnavailable(HooklineError):
    """The store cannot be reached or refuses us. What is in it is not lost; the same act may work later."""

    id = "recording-store-unavailable"
    status = 503


class NotStored(HooklineError):
    """The store holds nothing under this key."""

    id = "recording-not-stored"
    status = 404

    def __init__(self, key: str) -> None:
        super().__init__(N_("The recording's file is not there any more."))
        self.key = key


class NotVerified(HooklineError):
    """What the store holds after a put is not what was put; the source must be kept."""

    id = "recording-not-verified"
    status = 503

    def __init__(self, key: str) -> None:
        super().__init__(
            N_("A recording did not arrive whole in the store, so its local file is kept."),
            N_("It is tried again by itself; if it stays, look at the store's own log."),
        )
        self.key = key


class BadKey(HooklineError):
    """The key could name something outside the store."""

    id = "bad-recording-key"


@dataclass(frozen=True)
class StoredFile:
    """What a put left in the store. `sha256` is in hexadecimal."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Sound:
    """A recording that somebody may hear, `size` bytes long. `read(start, end)` opens the bytes between the two.

    `codec`: "wav", "flac" or "opus".
    """

    size: int
    sha256: str
    read: Callable[[int, int], Iterator[bytes]]
    codec: str = "wav"


@dataclass(frozen=True)
class DeletionReceipt:
    """Proof that a key is gone: when, from which store, and the SHA-256 of what it held ("" where it held nothing)."""

    key: str
    at: datetime
    sha256: str
    store: str


class RecordingStore(Protocol):
    """One place for recordings. Methods may be called from any thread, and raise StoreUnavailable where it is away.

    Keys are relative, with "/" between their parts, and end in the file's suffix; others raise BadKey.
    """

    @property
    def name(self) -> str:
        """Names this very store for ever: kept with each recording, so that one is found after the setting changed."""
        ...

    def put(self, key: str, source: Path) -> StoredFile:
        """Keep the local file under the key, in place of what was there; safe to run again.

        Returns only after the store's copy was read back and is the source to the byte. Raises NotVerified else, and
        FileNotFoundError for a source that is none.
        """
        ...

    def size(self, key: str) -> int:
        """Its length in bytes; raises NotStored."""
        ...

    def open_range(self, key: str, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in pieces; raises NotStored before the first."""
        ...

    def exists(self, key: str) -> bool:
        """Whether it holds something under the key."""
        ...

    def delete(self, key: str) -> DeletionReceipt:
        """Delete for good; a key that holds nothing is no error, so that a delete cut short can be run again."""
        ...

    def probe(self) -> None:
        """Find out whether it can be reached and is ours to use; raises StoreUnavailable."""
        ...

    def local_path(self, key: str) -> Path | None:
        """The file itself, where the store keeps files on this machine; None where it does not, or holds nothing."""
        ...


def checked_key(key: str) -> str:
    """The key, if it stays inside a store whatever that is made of; raises BadKey."""
    parts = PurePosixPath(key).parts
    plain = bool(parts) and key == "/".join(parts) and not key.startswith("/") and key.isprintable()
    if not plain or ".." in parts or "\\" in key or len(key) > 500:
        raise BadKey(N_("This is no key of a recording."))
    return key
