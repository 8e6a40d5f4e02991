"""Puts a plugin's project where Python finds it as installed, without pip: for tests that run in their own process."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path


def announce(project: Path) -> None:
    """Write a project's installed metadata beside its packages, as an editable installation would."""
    said = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = project / f"{said['name'].replace('-', '_')}-{said['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {said['name']}\nVersion: {said['version']}\n")
    points = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in entries.items())
        for group, entries in said.get("entry-points", {}).items()
    ]
    (info / "entry_points.txt").write_text("\n".join(points))


def run_in(project: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment in the project's folder, the project being installed as `announce` says."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def assert_own_tests_pass(project: Path) -> None:
    """Run the project's own tests in a process of their own; AssertionError with what they said where one fails."""
    done = run_in(project, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
