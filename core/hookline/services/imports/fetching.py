"""Files of import sources: those in a folder below the inbox, and the one behind an address."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, cast
from urllib.parse import urlsplit

from hookline.errors import HooklineError, InvalidInput
from hookline.outbound_addresses import AddressBook
from hookline.services.imports.uploads import MAX_BYTES
from hookline.services.webhooks.posting import PinnedConnection, hard_end
from hookline.text import N_

_CHUNK: Final = 1 << 20
_SECONDS: Final = 600.0
_SUFFIXES: Final = frozenset({".csv", ".txt", ".tsv", ".xlsx", ".xls", ".ods"})


class FetchFailed(HooklineError):
    """The file could not be had; the message says why."""

    id = "import-fetch-failed"


@dataclass(frozen=True)
class Fetched:
    """A file, open for reading, and the SHA-256 of its content."""

    name: str
    stream: BinaryIO
    digest: str


def inbox_folder(inbox: Path, location: str) -> Path:
    """The folder of a source below the inbox; raises InvalidInput where it would lie elsewhere."""
    folder = (inbox / location.strip().strip("/")).resolve()
    if not folder.is_relative_to(inbox.resolve()):
        raise InvalidInput(
            N_("The folder must lie below the inbox."),
            N_("Write a name like “shop”; the folder is made where it is missing."),
            {"location": [N_("Write a name like “shop”.")]},
        )
    return folder


def files_in(folder: Path) -> Generator[Fetched, None, None]:
    """The folder's files by name, those that are hidden or no lists left out."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in sorted(folder.iterdir()):
        if _is_list(path):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                stream.seek(0)
                yield Fetched(path.name, stream, digest)


def _is_list(path: Path) -> bool:
    hidden = path.name.startswith(".") or path.is_symlink()
    return not hidden and path.is_file() and path.suffix.lower() in _SUFFIXES


def fetch(book: AddressBook, url: str, tls: ssl.SSLContext | None = None) -> Generator[Fetched, None, None]:
    """The file behind an address, which is checked as webhooks' are; raises FetchFailed, AddressRefused."""
    target = book.check(url)
    try:
        addresses = book.locate(target)
    except OSError as error:
        raise FetchFailed(N_("The host's name leads nowhere.")) from error
    context = (tls or ssl.create_default_context()) if target.secure else None
    connection = PinnedConnection(target, addresses, context, 30.0)
    try:
        with hard_end(connection, _SECONDS) as over, tempfile.TemporaryFile() as kept:
            connection.request("GET", target.path, headers={"Host": target.host_header, "Connection": "close"})
            digest = _read(connection.getresponse(), cast(BinaryIO, kept))
            if over.is_set():
                raise FetchFailed(N_("The file did not come within ten minutes."))
            kept.seek(0)
            name = PurePosixPath(urlsplit(url).path).name or "download.csv"
            yield Fetched(name, cast(BinaryIO, kept), digest)
    except (OSError, HTTPException) as error:
        advice = N_("Look whether the address is right.")
        raise FetchFailed(N_("The host does not answer as it should."), advice) from error
    finally:
        connection.close()


def _read(response: HTTPResponse, into: BinaryIO) -> str:
    if response.status != 200:
        raise FetchFailed(
            N_("The host answered with status %(status)s instead of the file."),
            N_("Redirects are not followed: give the address itself."),
            params={"status": response.status},
        )
    digest, size = hashlib.sha256(), 0
    while chunk := response.read(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise FetchFailed(N_("The file is larger than %(limit)s MB."), params={"limit": MAX_BYTES // 1024**2})
        digest.update(chunk)
        into.write(chunk)
    return digest.hexdigest()
