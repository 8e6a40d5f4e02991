"""The plugin that is kept for the oldest supported contract is of that contract.

That it works is held by tests/packaging/test_plugin_distribution.py, which builds, installs and tests it.
"""

from __future__ import annotations

import tomllib

from hookline import OLDEST_PLUGIN_API_VERSION
from tests.architecture.source import ROOT

PLUGIN = ROOT / "tests" / "fixtures" / "oldest_api"


def test_it_is_written_against_the_oldest_supported_contract() -> None:
    manifest = tomllib.loads((PLUGIN / "hookline_oldest_api" / "manifest.toml").read_text(encoding="utf-8"))
    assert manifest["api"] == OLDEST_PLUGIN_API_VERSION, "write a plugin for it; keep this one in the history"
