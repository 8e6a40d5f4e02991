"""Uploaded files while they wait for their import; nothing is kept after it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from hookline.services.imports.errors import FileRefused
from hookline.services.imports.spreadsheets import is_workbook, to_csv
from hookline.text import N_

#: A million rows of ten columns are some 120 MB.
MAX_BYTES: Final = 1024 * 1024 * 1024
_CHUNK = 1 << 20


class Uploads:
    """The folder of uploads. File names are ours: the uploader's never touches the file system."""

    def __init__(self, folder: Path, limit: int = MAX_BYTES) -> None:
        self._folder = folder
        self._limit = limit

    def store(self, stream: BinaryIO) -> str:
        """Keep the stream's bytes, a workbook as CSV; returns the name to find them by.

        Raises `FileRefused` beyond the limit, and for a workbook that cannot be read.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{secrets.token_hex(16)}.csv"
        size = 0
        try:
            with self.path(name).open("xb") as file:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    if size > self._limit:
                        raise FileRefused(
                            N_("The file is larger than %(limit)s MB."),
                            N_("Split it into parts, or leave out columns that are not needed."),
                            params={"limit": self._limit // (1024 * 1024)},
                        )
                    file.write(chunk)
            if is_workbook(self.path(name)):
                to_csv(self.path(name))
        except BaseException:
            self.delete(name)
            raise
        return name

    def path(self, name: str) -> Path:
        """Where the upload of this name is."""
        return self._folder / name

    def delete(self, name: str) -> None:
        """Delete the upload; nothing happens where it is gone already."""
        if name:
            self.path(name).unlink(missing_ok=True)

    def delete_all_but(self, kept: Iterable[str], older_than: float) -> int:
        """Delete files no import knows, last written before `older_than` (seconds since 1970); returns how many."""
        names = set(kept)
        gone = 0
        for file in self._folder.glob("*.csv"):
            if file.name not in names and file.stat().st_mtime < older_than:
                file.unlink(missing_ok=True)
                gone += 1
        return gone
