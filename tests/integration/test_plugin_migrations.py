"""Each plugin's own migrations: applied, taken back, failing half-way, its package gone, its tables purged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import inspect, text

from hookline.bootstrap import Runtime
from hookline.cli import cli
from hookline.db.database import Database
from hookline.db.standing import Standing, standings
from hookline.plugin_host.host import PluginState
from hookline.ports.clock import SystemClock
from hookline.settings import Settings
from tests.unit.plugin_packages import PluginFolder, plugin_folder

MIGRATION = '''\
"""{revision}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade():
    """Apply."""
    {up}


def downgrade():
    """Take back."""
    {back}
'''
CREATE = 'op.create_table("{table}", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("word", sa.String()))'


class Kit:
    """An installation with plugins that bring migrations, and its commands."""

    def __init__(self, plugins: PluginFolder, url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plugins = plugins
        self._names: list[str] = []
        self._monkeypatch = monkeypatch
        self.url = url
        self.home = home

    def plugin(self, name: str, *migrations: tuple[str, str]) -> None:
        """Install a plugin with these migrations: what each does, and what takes it back."""
        package = self.plugins.install(name)
        self._names.append(name)
        self._monkeypatch.setenv("HOOKLINE_ENABLED_PLUGINS", ",".join(self._names))
        folder = self.plugins.folder / package / "migrations" / "versions"
        folder.mkdir(parents=True)
        for made in (folder.parent, folder):
            (made / "__init__.py").write_text("")
        self.add(name, *migrations)

    def add(self, name: str, *migrations: tuple[str, str]) -> None:
        """Further migrations of an installed plugin."""
        folder = self.plugins.folder / f"made_for_test_{name}" / "migrations" / "versions"
        have = len(list(folder.glob("0*.py")))
        for number, (up, back) in enumerate(migrations, start=have + 1):
            down = repr(f"{name}{number - 1}") if number > 1 else None
            code = MIGRATION.format(revision=f"{name}{number}", down=down, up=up, back=back)
            (folder / f"000{number}.py").write_text(code)

    def runtime(self, *disabled: str) -> Runtime:
        enabled = tuple(self._names)
        return Runtime(Settings(self.home / "data", self.url, disabled_plugins=disabled, enabled_plugins=enabled))

    def run(self, *arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(cli, arguments, input=typed)

    def tables(self) -> set[str]:
        db = Database(self.url, SystemClock())
        found = set(inspect(db.engine).get_table_names())
        db.dispose()
        return found

    def execute(self, statement: str) -> None:
        db = Database(self.url, SystemClock())
        with db.write() as unit:
            unit.session.execute(text(statement))
        db.dispose()


@pytest.fixture
def kit(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    (tmp_path / "site-root").mkdir()
    plugins = plugin_folder(tmp_path / "site-root", monkeypatch)
    for name, value in (("HOME", tmp_path), ("DATA_DIR", tmp_path / "data"), ("DATABASE_URL", database_url)):
        monkeypatch.setenv(f"HOOKLINE_{name}", str(value))
    yield Kit(plugins, database_url, tmp_path, monkeypatch)
    plugins.forget()


def _table(name: str) -> tuple[str, str]:
    return CREATE.format(table=name), f'op.drop_table("{name}")'


def _lines(result: Result) -> dict[str, str]:
    assert result.exit_code == 0, result.output
    return {line.split()[0]: line for line in result.output.splitlines()[1:] if line.strip()}


def test_a_migration_that_fails_half_way_is_taken_back_and_the_rest_starts(kit: Kit) -> None:
    """Whatever it had done already goes, the revision before it included: all of one plugin's or nothing."""
    kit.plugin("broken", _table("broken_one"), (CREATE.format(table="broken_two") + '\n    raise OSError("half")', ""))
    kit.plugin("sound", _table("sound_words"))
    runtime = kit.runtime()
    try:
        assert [f.plugin for f in runtime.migrate()] == ["broken"]
        assert runtime.host.statuses["broken"].state is PluginState.FAILED
        assert "half" in runtime.host.statuses["broken"].note
        assert runtime.host.is_active("sound")
        runtime.start()
        runtime.stop()
    finally:
        runtime.close()
    assert {t for t in kit.tables() if t.startswith("broken")} == set()
    assert "sound_words" in kit.tables()


def test_the_command_says_which_plugins_migrations_failed(kit: Kit) -> None:
    kit.plugin("broken", ('raise OSError("half")', ""))
    kit.plugin("sound", _table("sound_words"))
    result = kit.run("db", "upgrade")
    assert result.exit_code == 1
    assert "broken: its migrations failed and were taken back (half)." in result.output
    assert "sound_words" in kit.tables()


def test_a_plugin_whose_migrations_are_not_applied_does_not_run_and_the_rest_does(kit: Kit) -> None:
    kit.plugin("late", _table("late_words"))
    runtime = kit.runtime()
    try:
        runtime.start()
        assert runtime.host.statuses["late"].state is PluginState.FAILED
        assert "hookline db upgrade" in runtime.host.statuses["late"].note
        runtime.stop()
    finally:
        runtime.close()


@pytest.mark.parametrize("table", ["words", "calls_of_mine", "others_words"])
def test_a_table_outside_the_plugins_prefix_is_refused_and_nothing_of_it_stays(kit: Kit, table: str) -> None:
    kit.plugin("greedy", (CREATE.format(table="greedy_own") + "\n    " + CREATE.format(table=table), ""))
    runtime = kit.runtime()
    try:
        (failed,) = runtime.migrate()
    finally:
        runtime.close()
    assert table in str(failed.error)
    assert not {table, "greedy_own"} & kit.tables()


def test_the_status_names_every_owner_and_what_is_to_be_done(kit: Kit) -> None:
    kit.plugin("sound", _table("sound_words"))
    kit.plugin("gone", _table("gone_words"))
    assert kit.run("db", "upgrade").exit_code == 0
    kit.add("sound", _table("sound_more"))
    kit.plugins.remove("gone")
    lines = _lines(kit.run("db", "status"))
    assert "up to date" in lines["core"]
    assert "pending" in lines["sound"]
    assert "hookline db upgrade" in lines["sound"]
    assert "sound1" in lines["sound"]
    assert "sound2" in lines["sound"]
    assert "package missing" in lines["gone"]
    assert "hookline plugins purge gone" in lines["gone"]


def test_a_package_that_is_gone_breaks_nothing_and_its_tables_stay(kit: Kit) -> None:
    kit.plugin("gone", _table("gone_words"))
    assert kit.run("db", "upgrade").exit_code == 0
    kit.plugins.remove("gone")
    assert kit.run("db", "upgrade").exit_code == 0
    runtime = kit.runtime()
    try:
        runtime.start()
        runtime.stop()
    finally:
        runtime.close()
    assert "gone_words" in kit.tables()


def test_an_older_package_than_the_database_is_told(kit: Kit) -> None:
    kit.plugin("sound", _table("sound_words"), _table("sound_more"))
    assert kit.run("db", "upgrade").exit_code == 0
    (kit.plugins.folder / "made_for_test_sound/migrations/versions/0002.py").unlink()
    db = Database(kit.url, SystemClock())
    (found,) = [s for s in standings(db.engine, {"sound": "made_for_test_sound"}) if s.name == "sound"]
    db.dispose()
    assert found.standing is Standing.NEWER


def test_migrations_of_one_plugin_are_taken_back_by_command(kit: Kit) -> None:
    kit.plugin("sound", _table("sound_words"), _table("sound_more"))
    assert kit.run("db", "upgrade").exit_code == 0
    assert kit.run("db", "downgrade", "sound", "sound1", typed="n\n").exit_code == 1
    assert "sound_more" in kit.tables()
    assert kit.run("db", "downgrade", "sound", "sound1", typed="y\n").exit_code == 0
    assert "sound_more" not in kit.tables()
    assert kit.run("db", "downgrade", "sound", "base", "--yes").exit_code == 0
    assert "sound_words" not in kit.tables()
    assert "cannot be taken back" in str(kit.run("db", "downgrade", "sound", "nowhere", "--yes").exception)


# Purging


@pytest.fixture
def gone(kit: Kit) -> Kit:
    """A plugin with a row, whose package is gone; beside it one whose name begins the same."""
    kit.plugin("survey", _table("survey_answers"))
    kit.plugin("survey_more", _table("survey_more_answers"))
    assert kit.run("db", "upgrade").exit_code == 0
    kit.execute("INSERT INTO survey_answers (id, word) VALUES (1, '=1+1')")
    kit.plugins.remove("survey")
    return kit


def test_purging_exports_and_drops_what_belongs_to_the_plugin_only(gone: Kit) -> None:
    result = gone.run("plugins", "purge", "survey", "--export", str(gone.home / "out"), typed="survey\n")
    assert result.exit_code == 0, result.output
    assert "survey_answers: 1\n" in result.output
    left = gone.tables()
    assert not {"survey_answers", "survey_alembic_version"} & left
    assert {"survey_more_answers", "survey_more_alembic_version"} <= left
    (line,) = (gone.home / "out/survey_answers.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"id": 1, "word": "=1+1"}
    assert "1,'=1+1" in (gone.home / "out/survey_answers.csv").read_text(encoding="utf-8")
    assert (gone.home / "out").stat().st_mode & 0o077 == 0
    assert "no tables" in str(gone.run("plugins", "purge", "survey").exception)


Refused = Callable[[Kit], Result]
REFUSED: dict[str, tuple[Refused, str]] = {
    "another name typed": (lambda k: k.run("plugins", "purge", "survey", typed="yes\n"), "not the plugin's name"),
    "core": (lambda k: k.run("plugins", "purge", "core", "--confirm", "core"), "cannot be purged"),
    "enabled": (lambda k: k.run("plugins", "purge", "survey_more", "--confirm", "survey_more"), "is enabled"),
    "a folder that is there": (
        lambda k: k.run("plugins", "purge", "survey", "--confirm", "survey", "--export", str(k.home)),
        "is there already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_purging_is_refused(gone: Kit, case: str) -> None:
    attempt, words = REFUSED[case]
    before = gone.tables()
    assert words in str(attempt(gone).exception)
    assert gone.tables() == before


def test_a_disabled_plugin_may_be_purged(gone: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_DISABLED_PLUGINS", "survey_more")
    gone.execute(
        "CREATE TABLE survey_more_a_link (id INTEGER PRIMARY KEY, call_id INTEGER REFERENCES calls (id), "
        "answer_id INTEGER REFERENCES survey_more_answers (id))"
    )
    result = gone.run("plugins", "purge", "survey_more", "--confirm", "survey_more")
    assert result.exit_code == 0, result.output
    assert not {"survey_more_answers", "survey_more_a_link"} & gone.tables()
    assert {"survey_answers", "calls"} <= gone.tables()
