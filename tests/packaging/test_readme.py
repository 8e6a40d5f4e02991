"""The README keeps its word: its plugin is taken from the page, installed, and refuses a dial."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hookline.plugin_host.host import PluginState
from hookline.services.gate import DialAsk
from hookline.testing.centre import Centre
from tests.architecture.source import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = "+48221234567"


def _block(file: str) -> str:
    """The code block that follows the name of a file."""
    found = re.search(rf"^`{re.escape(file)}`.*?\n```\w+\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found, f"{file} is not in the README"
    return found.group(1)


@pytest.fixture
def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Centre]:
    """A call centre in whose environment the README's plugin is installed."""
    site, data = tmp_path / "site", tmp_path / "data"
    project = tomllib.loads(_block("pyproject.toml"))["project"]
    ((name, package),) = project["entry-points"]["hookline.plugins"].items()
    (site / package).mkdir(parents=True)
    data.mkdir()
    (site / package / "__init__.py").write_text("")
    for file in ("hooks.py", "manifest.toml"):
        (site / package / file).write_text(_block(f"{package}/{file}"))
    info = site / f"{package}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (info / "entry_points.txt").write_text(f"[hookline.plugins]\n{name} = {package}\n")
    monkeypatch.syspath_prepend(site)
    made = Centre(data)
    yield made
    made.close()
    for module in [m for m in sys.modules if m.split(".")[0] == package]:
        del sys.modules[module]


def test_the_plugin_of_the_readme_refuses_a_dial_on_a_friday_and_only_then(centre: Centre) -> None:
    assert centre.runtime.host.statuses["quiet_fridays"].state is PluginState.ACTIVE
    anna = centre.agent("anna")
    campaign = centre.campaign([NUMBER], agents=[anna])
    ask = DialAsk(centre.record(campaign, NUMBER).id, NUMBER, anna, "preview")
    assert centre.clock.now().weekday() == 0
    monday = centre.runtime.gate.decide(ask)
    assert monday.allowed
    centre.runtime.gate.abandon(monday.attempt_id)

    centre.clock.set(centre.clock.now() + timedelta(days=4))
    friday = centre.runtime.gate.decide(ask)
    assert not friday.allowed
    assert [(r.rule, r.text) for r in friday.refusals] == [("quiet_fridays.friday", "Nobody is called on a Friday.")]


def test_the_plugin_is_about_ten_lines() -> None:
    lines = [line for line in _block("hookline_quiet_fridays/hooks.py").splitlines() if line.strip()]
    assert len(lines) <= 12


def test_the_two_commands_come_first() -> None:
    first_block = re.search(r"```console\n(.*?)```", README, re.DOTALL)
    assert first_block
    assert [line.split("#")[0].strip() for line in first_block.group(1).splitlines()] == ["$ make demo", "$ make test"]


def test_every_file_that_the_documents_point_to_is_there() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    lost = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:")) and not (page.parent / target).exists()
    ]
    assert not lost
