"""A stranger's plugins: built, installed beside Hookline's own wheel in a fresh environment, and tested there."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from hookline.scaffold.naming import names_for
from hookline.scaffold.writing import write_plugin
from tests.architecture.source import ROOT
from tests.packaging.conftest import built, environment, install, run

pytestmark = pytest.mark.realtime

#: The plugin that is kept here as a distribution of its own, and one fresh from the scaffold.
NAMES = ("oldest_api", "acme_survey")
FIXTURES = ROOT / "tests" / "fixtures"


def _environment(home: Path) -> dict[str, str]:
    return {"HOOKLINE_HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}


def test_plugins_are_built_installed_and_tested_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    programs, projects, there = environment(tmp_path / "environment"), tmp_path / "projects", tmp_path / "there"
    write_plugin(names_for("acme_survey"), projects / "acme_survey")
    shutil.copytree(FIXTURES / "oldest_api", projects / "oldest_api")
    # The one as its author has it, without a network or an extra; the other as a wheel, away from its source.
    install(programs, wheel, built(projects / "oldest_api", tmp_path / "built"), "-e", projects / "acme_survey")

    shutil.copytree(FIXTURES / "installed", there)
    for name in NAMES:
        shutil.copytree(projects / name / "tests", there / name)
    shutil.copy(projects / NAMES[0] / "pyproject.toml", there)
    pytest_there = (programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", ".")
    said = run(*pytest_there, env=_environment(there), cwd=there)
    assert int(re.findall(r"(\d+) passed", said)[-1]) >= 20
    assert "skipped" not in said
