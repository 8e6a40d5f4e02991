"""`hookline plugins`: looking needs no database; enabling is checked, numbered and can be taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from hookline.cli import cli
from hookline.commands.words import error_said
from hookline.errors import HooklineError
from hookline.plugin_host.timings import TimingRow
from hookline.plugin_times import PluginTimes
from hookline.testing.databases import lay_sqlite
from tests.unit.plugin_packages import HOOKS, PluginFolder, plugin_folder

NOWHERE = "postgresql://nobody:secret@127.0.0.1:1/nothing"
NO_SIP = '# Ours.\ndisabled_plugins = ["telephony_sip"]  # no trunks yet\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's folder, with a migrated database."""
    folder = tmp_path / "home"
    (folder / "var").mkdir(parents=True)
    lay_sqlite(folder / "var" / "hookline.db")
    monkeypatch.setenv("HOOKLINE_HOME", str(folder))
    (folder / "hookline.toml").write_text(NO_SIP)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    made = plugin_folder(tmp_path, monkeypatch)
    yield made
    made.forget()


def _run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", *words])


def _refused(*words: str) -> HooklineError:
    error = _run(*words).exception
    assert isinstance(error, HooklineError), error
    return error


# Without a database


def _every_command(command: click.Command, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        ctx = click.Context(command)
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield from _every_command(inner, (*words, name))


def test_every_help_works_with_a_database_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", NOWHERE)
    every = list(_every_command(cli))
    assert ("plugins", "rollback") in every
    assert ("gdpr",) in every
    for words in every:
        done = CliRunner().invoke(cli, [*words, "--help"])
        assert done.exit_code == 0, (words, done.output)


@pytest.mark.parametrize("url", [NOWHERE, "sqlite:////dev/null/no.db"])
def test_what_is_installed_is_listed_without_a_database(monkeypatch: pytest.MonkeyPatch, home: Path, url: str) -> None:
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", url)
    lines = {line.split()[0]: line for line in _run("list").output.splitlines()}
    assert {"gdpr", "scripts", "monitoring", "telephony_sip"} <= lines.keys()
    assert "disabled" in lines["telephony_sip"]
    assert "enabled" in lines["gdpr"]
    assert "secret" not in _run("info", "gdpr").output
    assert "[plugins.monitoring]" in _run("info", "monitoring").output


def test_without_a_settings_file_every_bundled_plugin_whose_extra_is_there_is_enabled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: PluginFolder
) -> None:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    folder.install("strange", "raise RuntimeError('imported')")
    lines = {line.split()[0]: line for line in _run("list").output.splitlines()}
    assert all("enabled" in lines[name] for name in ("gdpr", "scripts", "monitoring", "telephony_sip"))
    assert "disabled" in lines["strange"], "it was merely installed"
    assert "off until it is enabled" in lines["strange"]


def test_one_that_is_asked_for_and_lacks_something_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: PluginFolder
) -> None:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_ENABLED_PLUGINS", "needy")
    folder.install("needy", more='modules = ["no_such_module_anywhere"]\nextra = "needy"')
    lines = {line.split()[0]: line for line in _run("list").output.splitlines()}
    assert "unavailable" in lines["needy"]
    assert "pip install 'hookline[needy]'" in lines["needy"]


def test_the_commands_speak_the_language_of_whoever_types(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de:pl")
    lines = {line.split()[0]: line for line in _run("list").output.splitlines()}
    assert "STAN" in lines["NAZWA"]
    assert "włączona" in lines["gdpr"]
    assert "Ochrona danych" in lines["gdpr"]
    shown = _run("info", "monitoring").output
    assert "Gdzie zaczyna się dzień" in shown, "its settings by the plugin's own catalogue"
    assert error_said(_refused("info", "nonsense")).startswith("Wtyczka nonsense nie jest zainstalowana.")
    monkeypatch.setenv("LANGUAGE", "en:pl")
    assert "STATE" in _run("list").output


def test_how_long_hooks_took_is_told_as_the_server_wrote_it_down(home: Path) -> None:
    assert "once `hookline serve` has run" in _run("info", "gdpr").output
    row = TimingRow("gdpr", "hookline_dial_refusals", 512, 0.1, 0.4, 12.5)
    PluginTimes(home / "var", lambda: [row]).keep()
    shown = _run("info", "gdpr").output
    assert f"process {os.getpid()}, {datetime.now(UTC):%Y-%m-%d}" in shown
    assert shown.splitlines()[-1].split() == ["hookline_dial_refusals", "512", "0.100", "0.400", "12.500"]


def test_a_disabled_plugin_is_not_even_imported(home: Path) -> None:
    """In a process of its own: the installation is built, its pages too, and every command's help is read."""
    (home / "hookline.toml").write_text('disabled_plugins = ["gdpr", "telephony_sip"]\n')
    program = """
import sys
from click.testing import CliRunner
from hookline.cli import cli
from hookline import bootstrap
from hookline_web.app import create_app
create_app(bootstrap.build())
CliRunner().invoke(cli, ["--help"])
CliRunner().invoke(cli, ["plugins", "list"])
print(sorted(m for m in sys.modules if m.startswith(("hookline_gdpr", "hookline_telephony_sip", "pjsua2"))))
print("hookline_scripts.hooks" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.splitlines()[-2:] == ["[]", "True"]


def test_secrets_are_masked_and_never_read_from_the_settings_file(
    home: Path, monkeypatch: pytest.MonkeyPatch, folder: PluginFolder, tmp_path: Path
) -> None:
    package = folder.install("keeper", more='settings = "settings:SettingsSchema"')
    (folder.folder / package / "settings.py").write_text(
        "from marshmallow import Schema, fields\nfrom hookline.plugin_settings import says\n\n\n"
        "class SettingsSchema(Schema):\n"
        "    region = fields.String(load_default='eu', metadata=says('Region', 'Where it is.'))\n"
        "    token = fields.String(load_default='', metadata=says('Token', 'What it logs in with.', secret=True))\n"
    )
    (tmp_path / "token").write_text("hunter2\n")
    monkeypatch.setenv("HOOKLINE_KEEPER__TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("HOOKLINE_KEEPER__REGION", "pl")
    shown = _run("info", "keeper").output
    assert "region = pl   (environment; HOOKLINE_KEEPER__REGION)" in shown
    assert "token = ••••••" in shown
    assert "hunter2" not in shown
    (home / "hookline.toml").write_text(NO_SIP + '[plugins.keeper]\ntoken = "hunter2"\n')
    shown = _run("info", "keeper").output
    assert "must not be in hookline.toml" in shown
    assert "hunter2" not in shown


# Enabling and disabling


def test_disabling_and_enabling_keep_the_files_comments_and_are_numbered(home: Path) -> None:
    assert "gdpr is disabled (release set 2)" in _run("disable", "gdpr", "--note", "no marketing").output
    text = (home / "hookline.toml").read_text()
    assert '["telephony_sip", "gdpr"]  # no trunks yet' in text
    assert text.startswith("# Ours.\n")
    assert "gdpr is enabled (release set 3)" in _run("enable", "gdpr").output
    assert (home / "hookline.toml").read_text() == NO_SIP
    history = _run("sets").output
    assert "no marketing" in history
    assert "gdpr disabled" in history
    assert _run("diff", "2", "3").output == "gdpr 0.1.0 enabled\n"
    assert _run("diff", "1", "3").output == "They say the same.\n"


def test_without_a_database_the_wish_is_written_down(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_DATABASE_URL", "sqlite:////dev/null/no.db")
    assert "at the next start" in _run("disable", "gdpr").output
    assert "gdpr" in (home / "hookline.toml").read_text()


def test_what_the_environment_decides_is_not_changed_in_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_DISABLED_PLUGINS", "telephony_sip")
    assert "HOOKLINE_DISABLED_PLUGINS" in _refused("disable", "gdpr").message
    assert (home / "hookline.toml").read_text() == NO_SIP


def test_a_plugin_that_is_not_there_is_refused_with_those_that_are(home: Path) -> None:
    for command in ("enable", "disable", "info", "check"):
        assert "gdpr" in _refused(command, "nonsense").advice


def test_a_plugin_with_a_problem_is_not_enabled(home: Path, folder: PluginFolder) -> None:
    folder.install(
        "typo", HOOKS + "\n    @hookimpl\n    def hookline_dial_refusal(self, request):\n        return []\n"
    )
    error = _refused("enable", "typo")
    assert "was not enabled" in error.message
    assert (home / "hookline.toml").read_text() == NO_SIP


def test_a_strangers_plugin_is_enabled_by_name_and_taken_back(home: Path, folder: PluginFolder) -> None:
    folder.install("strange")
    assert "strange is enabled (release set 2)" in _run("enable", "strange").output
    assert (home / "hookline.toml").read_text() == NO_SIP + 'enabled_plugins = ["strange"]\n'
    assert "enabled" in next(line for line in _run("list").output.splitlines() if line.startswith("strange "))
    assert "enabled already" in _refused("enable", "strange").message
    assert "strange is disabled (release set 3)" in _run("disable", "strange").output
    assert (home / "hookline.toml").read_text() == NO_SIP + "enabled_plugins = []\n"
    assert _run("rollback", "2").exit_code == 0
    assert '["strange"]' in (home / "hookline.toml").read_text()


# Going back


def test_going_back_brings_plugins_and_settings_as_a_new_set(home: Path) -> None:
    (home / "hookline.toml").write_text(NO_SIP + "[plugins.monitoring]\nlong_pause_seconds = 60 # short\n")
    _run("disable", "scripts")
    _run("disable", "gdpr")
    (home / "hookline.toml").write_text((home / "hookline.toml").read_text().replace("60", "900"))
    done = _run("rollback", "1", "--note", "as it was")
    assert "Release set 1 is back (release set 5)" in done.output
    text = (home / "hookline.toml").read_text()
    assert "scripts" not in text
    assert "gdpr" not in text
    assert "long_pause_seconds = 60 # short" in text
    assert "brings back 1. as it was" in _run("sets").output
    assert _run("diff", "1", "5").output == "They say the same.\n"


def test_going_back_to_what_is_not_installed_is_refused_by_name(home: Path, folder: PluginFolder) -> None:
    package = folder.install("gone")
    (home / "hookline.toml").write_text(NO_SIP + 'enabled_plugins = ["gone"]\n')
    _run("disable", "gdpr")
    manifest = folder.folder / package / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("1.2.3", "1.3.0"))
    error = _refused("rollback", "1")
    assert "gone 1.2.3 (1.3.0)" in error.message
    assert "gdpr" in (home / "hookline.toml").read_text(), "nothing was changed"
