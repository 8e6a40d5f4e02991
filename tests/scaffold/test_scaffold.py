"""`hookline plugins new` writes a plugin that nothing is wrong with, or says why it does not.

That its own tests pass, installed beside Hookline's wheel, is held by tests/packaging/test_plugin_distribution.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hookline.cli import cli
from hookline.errors import HooklineError
from hookline.plugin_host.quality import assess
from hookline.scaffold.naming import NameRefused, names_for
from hookline.scaffold.writing import FolderRefused, write_plugin

LONGEST = "abcdefghijkl_abcdefghijk"
TITLE = "A Title Of Forty Characters This Is 4567"


def _new(*arguments: str, folder: Path) -> Result:
    before = Path.cwd()
    os.chdir(folder)
    try:
        return CliRunner().invoke(cli, ["plugins", "new", *arguments])
    finally:
        os.chdir(before)


def _run(folder: Path, *command: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_it_writes_a_plugin_and_says_what_to_do_next(tmp_path: Path) -> None:
    done = _new("acme_survey", folder=tmp_path)
    assert done.exit_code == 0
    for step in (
        "cd acme_survey",
        "pip install -e .",
        "pytest",
        "hookline plugins list",
        "hookline plugins enable acme_survey",
    ):
        assert step in done.output
    files = {path.relative_to(tmp_path / "acme_survey").as_posix() for path in (tmp_path / "acme_survey").rglob("*")}
    package = "hookline_acme_survey"
    assert {
        "pyproject.toml",
        "README.md",
        ".gitignore",
        "tests/test_acme_survey.py",
        f"{package}/manifest.toml",
        f"{package}/py.typed",
        f"{package}/hooks.py",
        f"{package}/migrations/versions/0001_entries.py",
        f"{package}/templates/acme_survey/index.html",
        f"{package}/help/en/acme_survey.md",
        f"{package}/help/pl/acme_survey.md",
        f"{package}/locale/pl/LC_MESSAGES/messages.po",
    } <= files
    assert not [name for name in files if "_name_" in name or "tmpl" in name]
    assert not [path for path in (tmp_path / "acme_survey").rglob("*") if path.is_file() and "«" in path.read_text()]


@pytest.mark.parametrize(("name", "title"), [("acme_survey", ""), ("abc", ""), (LONGEST, TITLE)])
def test_what_it_writes_is_tidy_however_long_the_name(tmp_path: Path, name: str, title: str) -> None:
    write_plugin(names_for(name, title), tmp_path / "new")
    assert _run(tmp_path / "new", "ruff", "check", "--no-cache", ".") == ""
    assert _run(tmp_path / "new", "ruff", "format", "--no-cache", "--check", ".") == ""


def test_what_it_writes_passes_mypy_strict(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    write_plugin(names_for("acme_survey"), tmp_path / "new")
    cache = pytestconfig.rootpath / ".mypy_cache" / "scaffold"
    said = _run(tmp_path / "new", "mypy", "--strict", "--cache-dir", str(cache), "-p", "hookline_acme_survey")
    assert said == ""


def test_what_it_writes_is_of_gold_quality(tmp_path: Path) -> None:
    write_plugin(names_for("acme_survey"), tmp_path / "new")
    report = assess("acme_survey", tmp_path / "new" / "hookline_acme_survey")
    assert report.grade == "gold", report.lacking()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Acme", "3 to 24 small letters"),
        ("acme-survey", "3 to 24 small letters"),
        ("acme__survey", "3 to 24 small letters"),
        ("1acme", "3 to 24 small letters"),
        ("ac", "3 to 24 small letters"),
        (f"{LONGEST}x", "3 to 24 small letters"),
        ("../acme", "3 to 24 small letters"),
        ("core", "reserved"),
        ("class", "reserved"),
        ("users", "reserved"),
        ("serve", "reserved"),
        ("gdpr", "reserved"),
        ("monitoring", "installed already"),
        ("gdpr_more", "too near to the installed plugin gdpr"),
        ("telephony", "too near to the installed plugin telephony_"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_advice(tmp_path: Path, name: str, words: str) -> None:
    done = _new(name, folder=tmp_path)
    assert isinstance(done.exception, NameRefused)
    assert words in str(done.exception)
    assert done.exception.advice
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("title", ['A "quoted" title', "{{ title }}", "50% more", "two\nlines", "x" * 41])
def test_a_title_that_would_break_the_files_is_refused(tmp_path: Path, title: str) -> None:
    with pytest.raises(NameRefused, match="title"):
        names_for("acme_survey", title)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = _new("acme_survey", "--dir", str(tmp_path), folder=tmp_path)
    assert isinstance(done.exception, FolderRefused)
    assert "Nothing was written" in done.exception.message
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(HooklineError, match="--dir"):
        write_plugin(names_for("acme_survey"), tmp_path / "file" / "below")
