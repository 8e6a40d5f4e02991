"""Installed packages for tests: each installation looks for plugins in what all of them announce."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoints, PathDistribution
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def read_once() -> Iterator[None]:
    """Inside the block the announcements of a package are read again only where their file changed."""
    read = PathDistribution.entry_points.fget  # type: ignore[attr-defined]
    known: dict[str, tuple[Any, EntryPoints]] = {}

    def once(package: PathDistribution) -> EntryPoints:
        folder = package._path  # type: ignore[attr-defined]
        if not isinstance(folder, Path):
            return read(package)  # type: ignore[no-any-return]
        state = _state(folder / "entry_points.txt")
        found = known.get(str(folder))
        if found is None or found[0] != state:
            found = known[str(folder)] = (state, read(package))
        return found[1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PathDistribution, "entry_points", property(once))
        yield


def _state(file: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written, whoever writes it; None where there is none."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
