"""A plugin written against the oldest supported contract works as it did, and needs no change."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

from hookline import OLDEST_PLUGIN_API_VERSION
from tests.architecture.source import ROOT
from tests.plugin_sites import announce, passed_tests

PLUGIN = ROOT / "tests" / "fixtures" / "oldest_api"


def test_it_is_written_against_the_oldest_supported_contract() -> None:
    manifest = tomllib.loads((PLUGIN / "hookline_oldest_api" / "manifest.toml").read_text(encoding="utf-8"))
    assert manifest["api"] == OLDEST_PLUGIN_API_VERSION, "write a plugin for it; keep this one in the history"


def test_a_plugin_of_the_oldest_contract_passes_its_own_tests(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PLUGIN, project)
    announce(project)
    passed_tests(project)
