"""Migrated databases kept between test runs: one file for each state of the migrations they were made by."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import hookline

_KEPT = 20


def path_for(plugins: Iterable[tuple[str, str]]) -> Path:
    """Where the database of core and these plugins (name, package) is, or belongs."""
    digest = hashlib.sha256(f"all enabled {sys.version_info[:2]} {sorted(plugins)}".encode())
    core = Path(hookline.__file__).parent
    for file in [*sorted((core / "db").rglob("*.py")), *_plugin_files(plugins)]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return _folder() / f"{digest.hexdigest()[:32]}.db"


def _plugin_files(plugins: Iterable[tuple[str, str]]) -> Iterator[Path]:
    for _, package in sorted(plugins):
        try:
            spec = importlib.util.find_spec(package)
        except ModuleNotFoundError:
            continue  # a plugin under test whose package is gone: it has no tables
        for location in (spec.submodule_search_locations if spec else None) or ():
            # The manifest as well: with it wrong or its range elsewhere, the plugin's migrations are not run.
            yield from (path for path in (Path(location) / "manifest.toml",) if path.is_file())
            yield from sorted((Path(location) / "migrations").rglob("*.py"))


def keep(made: Path, place: Path) -> None:
    """Put a database in its place, in one step: other processes are looking for it. The oldest ones go."""
    draft = place.with_suffix(f".{os.getpid()}")
    shutil.copyfile(made, draft)
    draft.replace(place)
    newest_first = sorted(place.parent.glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in newest_first[_KEPT:]:
        old.unlink(missing_ok=True)


def _folder() -> Path:
    """A folder that only this user can write to: what is in it is taken for a database of ours."""
    folder = Path(tempfile.gettempdir()) / f"hookline-test-databases-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        return Path(tempfile.mkdtemp(prefix="hookline-test-databases-"))
    return folder
