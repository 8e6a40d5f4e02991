"""The tutorial keeps its word: the plugin is built as the page says, passes its tests, and is of gold quality."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline.cli import cli
from hookline.plugin_host.quality import assess
from tests.architecture.source import ROOT
from tests.plugin_sites import announce, assert_own_tests_pass, run_in

PAGE = (ROOT / "docs" / "tutorial" / "your-first-plugin.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([\w./]+)`:\n\n(`{3,})\S+\n(.*?)^\2$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE)
PACKAGE = "hookline_acme_orders"


def _do(command: str, folder: Path) -> None:
    """Do what a line of the page's console blocks asks for; the rest of them is held elsewhere."""
    words = shlex.split(command)
    if words[:3] == ["hookline", "plugins", "new"]:
        done = CliRunner().invoke(cli, [*words[1:], "--dir", str(folder)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    elif words[0] == "rm":
        for name in words[1:]:
            (folder / name).unlink()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin as somebody has it who followed the page."""
    folder = tmp_path_factory.mktemp("tutorial") / "acme_orders"
    for command in COMMANDS:
        _do(command, folder)
    for path, _fence, text in FILES:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    announce(folder)
    return folder


def test_the_page_gives_every_file_once_and_all_that_are_needed() -> None:
    paths = [path for path, _, _ in FILES]
    assert len(paths) == len(set(paths)) == len(re.findall(r"^`[^`]+`:$", PAGE, re.MULTILINE))
    assert {"hooks.py", "models.py", "sending.py", "service.py"} <= {Path(path).name for path in paths}


def test_the_plugin_passes_its_own_tests_against_a_server_that_plays_the_clients_system(project: Path) -> None:
    assert_own_tests_pass(project)


def test_the_plugin_is_tidy_and_typed(project: Path) -> None:
    cache = str(ROOT / ".mypy_cache" / "scaffold")
    for command in (("ruff", "check", "--no-cache", "."), ("mypy", "--cache-dir", cache, "-p", PACKAGE)):
        done = run_in(project, *command, MYPYPATH="")
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_plugin_is_of_gold_quality_as_the_page_says(project: Path) -> None:
    report = assess("acme_orders", project / PACKAGE)
    assert f"`Quality: {report.grade}.`" in PAGE, report.lacking()
    assert report.grade == "gold"


def test_nothing_of_the_scaffold_is_left_that_the_plugin_does_not_use(project: Path) -> None:
    left = [path.name for path in project.rglob("*") if path.is_file() and "acme_orders_entries" in path.read_text()]
    assert left == []
