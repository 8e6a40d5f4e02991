"""The `hookline` command itself: it lists what is installed, and one broken part costs only itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline import __version__
from hookline.cli import CommandUnavailable, cli


@pytest.fixture
def broken_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed package whose command cannot be imported."""
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hookline.commands]\nbroken = no_such_module:command\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "broken"


def test_it_tells_its_version() -> None:
    assert __version__ in CliRunner().invoke(cli, ["--version"]).output


def test_it_lists_the_commands_of_every_package() -> None:
    output = CliRunner().invoke(cli, ["--help"]).output
    for command in ("init", "users", "db", "serve"):
        assert f"  {command} " in output


def test_a_command_that_cannot_be_imported_costs_only_itself(broken_command: str) -> None:
    listed = CliRunner().invoke(cli, ["--help"])
    assert listed.exit_code == 0
    assert "Not available" in listed.output
    error = CliRunner().invoke(cli, [broken_command, "any", "--thing"]).exception
    assert isinstance(error, CommandUnavailable)
    assert "no_such_module" in error.message
    assert "pip install" in error.advice


def test_a_command_whose_import_hangs_keeps_help_waiting_no_longer(
    broken_command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_such_module.py").write_text("import threading\nthreading.Event().wait(20)\n")
    monkeypatch.setattr("hookline.cli._LOAD_SECONDS", 0.2)
    listed = CliRunner().invoke(cli, [broken_command])
    assert isinstance(listed.exception, CommandUnavailable)
    assert "no answer within 0.2 s" in listed.exception.message


def test_an_unknown_command_is_refused_with_words() -> None:
    done = CliRunner().invoke(cli, ["frobnicate"])
    assert done.exit_code == 2
    assert "No such command" in done.output
