"""The quality checklist finds what is lacking, one thing at a time, and nothing in a plugin that lacks nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from hookline.cli import cli
from hookline.health import Level
from hookline.plugin_host.discovery import discover
from hookline.plugin_host.quality import assess, assess_installed
from hookline.plugin_host.quality_criteria import CRITERIA, Grade
from hookline.scaffold.naming import names_for
from hookline.scaffold.writing import write_plugin
from tests.architecture.source import plugins

NAME, PACKAGE = "acme_survey", "hookline_acme_survey"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin that lacks nothing."""
    project = tmp_path_factory.mktemp("sound") / "project"
    write_plugin(names_for(NAME), project)
    return project


@pytest.fixture
def project(sound: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(sound, tmp_path / "project"))


def _replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(project: Path) -> None:
        path = project / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return spoil


def _append(file: str, text: str) -> Callable[[Path], None]:
    return lambda project: (project / file).open("a").write(text) and None


def _remove(file: str) -> Callable[[Path], None]:
    return lambda project: (project / file).unlink()


SPOILT = [
    ("manifest", _replace(f"{PACKAGE}/manifest.toml", "summary =", "summary_of ="), "manifest.toml: summary"),
    (
        "hooks",
        _append(f"{PACKAGE}/service.py", "\n\ndef hookline_call_disposed() -> None:\n    '''x'''\n"),
        "service.py",
    ),
    ("rooms", _append(f"{PACKAGE}/service.py", "\n\nimport flask\n"), "imports flask"),
    ("tables", _replace(f"{PACKAGE}/models.py", '"acme_survey_entries"', '"entries"'), "entries"),
    ("readme", _replace("README.md", "`hookline_register_jobs`", "jobs"), "hookline_register_jobs"),
    ("tests", lambda project: shutil.rmtree(project / "tests"), "tests/test_*.py"),
    (
        "translations",
        _append(f"{PACKAGE}/service.py", "\n\nfrom hookline.text import N_\nX = N_('New words')\n"),
        "New words",
    ),
    ("help", _remove(f"{PACKAGE}/help/pl/acme_survey.md"), "help/pl/acme_survey.md"),
    ("help", _replace(f"{PACKAGE}/templates/acme_survey/index.html", "help_topic", "topic"), "help_topic"),
    ("settings", _replace(f"{PACKAGE}/settings.py", "metadata=says(", "metadata=dict("), "keep_days"),
    ("settings", _replace(f"{PACKAGE}/manifest.toml", "settings =", "setting ="), "settings"),
    (
        "described",
        _replace(f"{PACKAGE}/hooks.py", 'N_("Remove old entries of Acme survey")', '"Tidy"'),
        "Job without N_()",
    ),
    ("typed", _remove(f"{PACKAGE}/py.typed"), "py.typed"),
    ("typed", _append(f"{PACKAGE}/service.py", "\n\ndef f(x):\n    '''x'''\n"), "service.py: f"),
    ("docstrings", _append(f"{PACKAGE}/service.py", "\n\ndef f() -> None: ...\n"), "service.py: f"),
    (
        "personal-data",
        _replace(f"{PACKAGE}/models.py", 'personal = marks(contact_id="call_record")', "x = 1"),
        "personal",
    ),
    (
        "personal-data",
        _replace(f"{PACKAGE}/holders.py", '"acme_survey_entries"', '"acme_survey_other"'),
        "no DataHolder",
    ),
    (
        "downgrades",
        _replace(f"{PACKAGE}/migrations/versions/0001_entries.py", "    op.drop_", "    # op.drop_"),
        "0001",
    ),
    ("kits", _remove("tests/test_personal_data.py"), "holder_conformance"),
    (
        "errors",
        _append(f"{PACKAGE}/service.py", "\n\ntry:\n    pass\nexcept Exception:\n    pass\n"),
        "service.py, line",
    ),
]


@pytest.mark.parametrize(("criterion", "spoil", "words"), SPOILT, ids=[f"{s[0]}-{s[2]}" for s in SPOILT])
def test_what_is_lacking_is_named(project: Path, criterion: str, spoil: Callable[[Path], None], words: str) -> None:
    spoil(project)
    report = assess(NAME, project / PACKAGE)
    assert next(iter(report.lacking()), "") == criterion, report.lacking()
    assert any(words in lacking for lacking in report.lacking()[criterion])
    grades = ["", *Grade]
    asked = next(c.grade for c in CRITERIA if c.id == criterion)
    assert report.grade == grades[grades.index(asked) - 1], "the grade before the one that asks for it"


def test_each_criterion_can_be_lacking() -> None:
    assert {spoilt[0] for spoilt in SPOILT} == {criterion.id for criterion in CRITERIA}


def test_a_plugin_that_lacks_nothing_is_gold(sound: Path) -> None:
    report = assess(NAME, sound / PACKAGE)
    assert (report.grade, report.lacking()) == ("gold", {})
    assert [(f.level, f.message) for f in report.findings()] == [(Level.OK, "Quality: gold.")]


def test_what_cannot_be_seen_in_a_wheel_is_said_and_not_held_against_it(sound: Path, tmp_path: Path) -> None:
    package = shutil.copytree(sound / PACKAGE, tmp_path / PACKAGE)
    report = assess(NAME, package)
    assert report.grade == "gold"
    unseen = {v.criterion.id for v in report.verdicts if v.lacking is None}
    assert unseen == {"readme", "tests", "kits"}
    assert sum("cannot be seen here" in finding.message for finding in report.findings()) == 3


@pytest.mark.parametrize("package", sorted(plugins()))
def test_the_bundled_plugins_are_gold(package: str) -> None:
    name = package.removeprefix("hookline_")
    report = assess(name, plugins()[package])
    assert report.grade == "gold", report.lacking()
    assert all(verdict.lacking is not None for verdict in report.verdicts), "everything can be seen here"


def test_an_installed_plugin_is_found_by_its_manifest() -> None:
    assert assess_installed(discover().manifests["monitoring"]).plugin == "monitoring"


def test_the_command_shows_the_grade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    assert "Quality: gold." in CliRunner().invoke(cli, ["plugins", "check", "monitoring", "--quality"]).output
