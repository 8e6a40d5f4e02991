"""Plugins made for one test: real packages with a manifest, a hooks module and installed metadata."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import pytest

MANIFEST = """\
name = "{name}"
title = "Plugin {name}"
version = "1.2.3"
api = "{api}"
{more}
"""
HOOKS = """\
from hookline.hookspecs import hookimpl


class Hooks:
    def __init__(self, context):
        self.context = context
"""


class PluginFolder:
    """A folder on sys.path into which a test installs plugins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packages: list[str] = []

    def install(
        self, name: str, hooks: str = HOOKS, *, api: str = "1.0", more: str = "", manifest: str | None = None
    ) -> str:
        """Lay the plugin down as `pip install` would; returns its import package."""
        package = f"made_for_test_{name}"
        code = self.folder / package
        code.mkdir()
        (code / "__init__.py").write_text("")
        (code / "hooks.py").write_text(hooks)
        text = MANIFEST.format(name=name, api=api, more=more) if manifest is None else manifest
        (code / "manifest.toml").write_text(text)
        self.announce(name, package)
        return package

    def announce(self, name: str, package: str) -> None:
        """Write only the installed metadata: the entry point by which Hookline finds a plugin."""
        info = self.folder / f"{package}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[hookline.plugins]\n{name} = {package}\n")
        self.packages.append(package)

    def remove(self, name: str) -> None:
        """Take a plugin away as `pip uninstall` does."""
        package = f"made_for_test_{name}"
        shutil.rmtree(self.folder / package)
        shutil.rmtree(self.folder / f"{package}-1.2.3.dist-info")
        importlib.invalidate_caches()

    def forget(self) -> None:
        """Drop what was imported, so that the next test's package of the same name is another."""
        for module in [m for m in sys.modules if m.split(".")[0] in self.packages]:
            del sys.modules[module]


def plugin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginFolder:
    """An empty folder of plugins, importable for this test."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return PluginFolder(folder)
