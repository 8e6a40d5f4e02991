"""The wheel of this source, and environments of their own to install things into; no network is needed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

OFFLINE = ("--no-deps", "--no-index", "--quiet")


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    """What a program says; AssertionError with all of it where it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(project: Path, folder: Path) -> Path:
    """The wheel of a project, built into the folder by pip as anybody would, without a network."""
    folder.mkdir()
    run(sys.executable, "-m", "pip", "wheel", project, *OFFLINE, "--no-build-isolation", "--wheel-dir", folder)
    (made,) = folder.glob("*.whl")
    return made


def environment(folder: Path) -> Path:
    """A fresh environment; its programs' folder. What Hookline depends on it has by a path to ours."""
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # A plain path: our own .pth file, which leads to the source, is not followed from here.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


def install(programs: Path, *what: str | Path) -> None:
    """Install wheels, or with "-e" a project's folder, into an environment, without a network."""
    pip = (sys.executable, "-m", "pip", f"--python={programs / 'python'}")
    run(*pip, "install", *OFFLINE, "--no-build-isolation", *what)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this source, built by pip as anybody would."""
    return built(ROOT, tmp_path_factory.mktemp("wheel") / "built")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of an environment that holds the wheel."""
    programs = environment(tmp_path_factory.mktemp("environment"))
    install(programs, wheel)
    return programs
