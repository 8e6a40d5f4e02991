"""Checking a plugin before it is enabled: whatever it does, it is told, and costs the checking process nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.health import Finding, Level
from hookline.plugin_host import checks
from hookline.plugin_host.checks import Surroundings, check_plugin
from hookline.plugin_host.discovery import discover
from hookline.settings import load_settings
from tests.unit.plugin_packages import HOOKS, PluginFolder, plugin_folder

#: What is taken already, as a running installation says it.
TAKEN = {"permission": {"contacts.view": "core"}, "policy": {"gdpr.consent": "gdpr"}, "job": {"bad.tick": "other"}}

BAD = """
import os
from hookline.contributions import Permission, Policy
from hookline.domain.access import Role
from hookline.hookspecs import hookimpl
from hookline.jobs import Job


class Hooks:
    def __init__(self, context):
        self.context = context

    @hookimpl
    def hookline_dial_refusal(self, request):
        return []

    @hookimpl
    def hookline_dial_refusals(self, mood):
        return []

    def hookline_call_disposed(self, call):
        return None

    @hookimpl
    def hookline_register_permissions(self):
        return [Permission("contacts.view", "Mine too", frozenset({Role.AGENT}))]

    @hookimpl
    def hookline_register_policies(self):
        return [Policy("gdpr.consent", "Mine too", "")]

    @hookimpl
    def hookline_register_jobs(self):
        return [Job("bad.tick", "Tick", lambda run: None, every_seconds=60)]

    @hookimpl
    def hookline_register_navigation(self):
        raise RuntimeError("no menu")

    @hookimpl
    def hookline_register_health_checks(self):
        raise RuntimeError("no checks")
"""
MODELS = """
from sqlalchemy.orm import Mapped, mapped_column
from hookline.db.base import Base, marks


class Elsewhere(Base):
    __tablename__ = "{table}"
    personal = marks(phone="contact")

    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str]
"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "bad0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table("{table}", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))
    {then}


def downgrade():
    op.drop_table("{table}")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    made = plugin_folder(tmp_path, monkeypatch)
    yield made
    made.forget()


def _with_tables(folder: PluginFolder, package: str, table: str, then: str = "pass") -> None:
    code = folder.folder / package
    (code / "models.py").write_text(MODELS.format(table=table))
    versions = code / "migrations" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "__init__.py").write_text("")
    (versions / "__init__.py").write_text("")
    (versions / "bad0001_tables.py").write_text(MIGRATION.format(table=table, then=then))


def _checked(name: str, tmp_path: Path, pending: bool | None = None) -> list[Finding]:
    settings = load_settings(tmp_path, {})
    around = Surroundings(settings, discover(), TAKEN, ("users",), lambda _manifest: pending)
    return check_plugin(name, around)


def _problems(found: list[Finding]) -> str:
    return "\n".join(f"{f.message} {f.advice}" for f in found if f.level is Level.PROBLEM)


def test_everything_that_is_wrong_with_a_plugin_is_told_at_once(folder: PluginFolder, tmp_path: Path) -> None:
    package = folder.install("bad", BAD, more='core = ">=7"')
    _with_tables(folder, package, "calls_of_bad")
    found = _checked("bad", tmp_path)
    told = _problems(found)
    assert "made for Hookline >=7" in told
    assert "hookline_dial_refusal, which this Hookline does not call" in told
    assert "hookline_dial_refusals(mood)" in told
    assert "table calls_of_bad does not begin with bad_" in told
    assert "calls_of_bad holds personal data that nobody answers for" in told
    assert "the permission contacts.view, which core has already" in told
    assert "the policy gdpr.consent, which gdpr has already" in told
    assert "the job bad.tick, which other has already" in told
    assert "hookline_register_navigation: RuntimeError: no menu" in told
    assert "hookline_register_health_checks: RuntimeError: no checks (hooks.py, line" in told
    assert any("hookline_call_disposed is not marked" in f.message for f in found if f.level is Level.WARNING)
    assert found[0].level is Level.PROBLEM, "problems come first"


def test_a_sound_plugin_shows_what_it_will_have(tmp_path: Path) -> None:
    found = _checked("gdpr", tmp_path, pending=True)
    assert not _problems(found)
    told = "\n".join(f.message for f in found)
    assert "Its migrations are still to be applied; they make or change: gdpr_consents." in told
    assert "It keeps personal data: Purpose, wording" in told
    assert "gdpr.manage (administrator, supervisor)" in told


def test_a_migration_that_fails_half_way_is_rolled_back_and_told(folder: PluginFolder, tmp_path: Path) -> None:
    package = folder.install("bad")
    _with_tables(folder, package, "bad_things", "raise RuntimeError('half-way')")
    told = _problems(_checked("bad", tmp_path))
    assert "Its migrations fail, and nothing of them stays: RuntimeError: half-way" in told


def test_a_missing_extra_is_told_with_the_line_to_type(folder: PluginFolder, tmp_path: Path) -> None:
    folder.install("bad", "raise RuntimeError('imported')", more='modules = ["no_such_module"]\nextra = "bad"')
    told = _problems(_checked("bad", tmp_path))
    assert "no_such_module. Type: pip install 'hookline[bad]'" in told
    assert "imported" not in told


def test_one_that_ends_its_process_ends_only_that(folder: PluginFolder, tmp_path: Path) -> None:
    folder.install("bad", "import os\nos._exit(7)")
    assert "ended the process that tried it (exit code 7)" in _problems(_checked("bad", tmp_path))


def test_one_that_hangs_is_given_up(folder: PluginFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PROBE_SECONDS", 2)
    folder.install("bad", "import threading\nthreading.Event().wait()")
    assert "did not come to an end" in _problems(_checked("bad", tmp_path))


def test_settings_that_cannot_be_used_are_told(folder: PluginFolder, tmp_path: Path) -> None:
    (tmp_path / "hookline.toml").write_text('[plugins.monitoring]\ntime_zone = "Mars"\n')
    assert "time_zone" in _problems(_checked("monitoring", tmp_path))


def test_a_command_that_another_has_is_told(folder: PluginFolder, tmp_path: Path) -> None:
    package = folder.install("bad", HOOKS, more='modules = ["no_such_module"]')
    info = next(folder.folder.glob(f"{package}-*.dist-info")) / "entry_points.txt"
    info.write_text(info.read_text() + f"[hookline.commands]\nusers = {package}.cli:users\ngdpr = {package}.cli:gdpr\n")
    told = _problems(_checked("bad", tmp_path))
    assert "command users is another's" in told
    assert "command gdpr is another's" in told


def test_of_one_that_cannot_be_imported_nothing_is_said_of_what_it_does_not_keep(
    folder: PluginFolder, tmp_path: Path
) -> None:
    folder.install("bad", "raise RuntimeError('at import')")
    told = [finding.message for finding in _checked("bad", tmp_path)]
    assert any("cannot be imported: RuntimeError: at import" in message for message in told)
    assert not [message for message in told if "personal data" in message]
