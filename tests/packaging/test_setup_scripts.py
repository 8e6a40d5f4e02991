"""What `make` runs before Hookline does: on a machine that lacks something it says what, and what to type."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.run_tests import counted
from tests.architecture.source import ROOT


class Machine:
    """A machine with just the programs that a test gives it, and a copy of the set-up scripts."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.tree = folder / "tree"
        (self.tree / "scripts").mkdir(parents=True)
        for script in ("venv.sh", "debian_packages.sh"):
            shutil.copy(ROOT / "scripts" / script, self.tree / "scripts")
        for name in ("bash", "dirname", "rm", "touch"):
            found = shutil.which(name)
            assert found
            (self.programs / name).symlink_to(found)

    def has(self, name: str, script: str) -> None:
        """Give it a program of that name."""
        program = self.programs / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a set-up script on it."""
        return subprocess.run(
            [self.programs / "bash", self.tree / "scripts" / script, *arguments],
            env={"PATH": str(self.programs)},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_old_python_is_named_with_what_to_do(machine: Machine) -> None:
    machine.has("python3", 'if [ "$1" = --version ]; then echo "Python 3.9.2"; else exit 1; fi')
    machine.has("cat", "exit 0")
    done = machine.run("venv.sh", "all")
    assert done.returncode != 0
    assert "Python 3.9.2" in done.stderr
    assert "3.11 or 3.12" in done.stderr
    assert "apt-get install python3-venv" in done.stderr
    assert not (machine.tree / ".venv").exists()


def test_the_preferred_python_makes_the_environment_and_installs_once(machine: Machine) -> None:
    log = machine.tree / "log"
    fake_pip = f'echo "$@" >> {log}'
    make = 'mkdir -p "$3/bin"; cp "$0" "$3/bin/python"'
    (machine.programs / "mkdir").symlink_to(shutil.which("mkdir") or "")
    (machine.programs / "cp").symlink_to(shutil.which("cp") or "")
    machine.has(
        "python3.11",
        f'case "$2" in venv) {make} ;; pip) {fake_pip} ;; esac; [ "$1" != --version ] || echo Python 3.11.2',
    )
    done = machine.run("venv.sh", "all,test")
    assert done.returncode == 0, done.stderr
    assert "Python 3.11.2" in done.stdout
    assert "-e .[all,test]" in log.read_text()
    assert (machine.tree / ".venv" / ".installed-all").exists()
    assert (machine.tree / ".venv" / ".installed-test").exists()


def test_where_pip_fails_nothing_is_marked_as_installed(machine: Machine) -> None:
    (machine.tree / ".venv" / "bin").mkdir(parents=True)
    inside = machine.tree / ".venv" / "bin" / "python"
    inside.write_text('#!/bin/sh\n[ "$1" != -m ]\n')
    inside.chmod(0o755)
    done = machine.run("venv.sh", "all")
    assert done.returncode != 0
    assert "pip could not install" in done.stderr
    assert not (machine.tree / ".venv" / ".installed-all").exists()


def test_without_root_it_says_which_packages_to_install(machine: Machine) -> None:
    (machine.tree / "packages-debian.txt").write_text("# why\n\nhere   # installed\ngone   # not\nlost\n")
    machine.has("dpkg-query", 'for last; do :; done; [ "$last" = here ] && printf installed')
    machine.has("id", "echo 1000")
    done = machine.run("debian_packages.sh")
    assert done.returncode == 1
    assert "sudo apt-get install --no-install-recommends gone lost" in done.stderr


def test_as_root_it_installs_what_is_missing_and_asks_nothing(machine: Machine) -> None:
    (machine.tree / "packages-debian.txt").write_text("here\ngone\n")
    log = machine.tree / "log"
    machine.has("dpkg-query", 'for last; do :; done; [ "$last" = here ] && printf installed')
    machine.has("id", "echo 0")
    machine.has("apt-get", f'echo "$DEBIAN_FRONTEND $@" >> {log}')
    assert machine.run("debian_packages.sh").returncode == 0
    update, install = log.read_text().splitlines()
    assert update.endswith(" update")
    assert install.startswith("noninteractive ")
    assert install.endswith(" install -y --no-install-recommends gone")


def test_where_everything_is_there_apt_is_left_alone(machine: Machine) -> None:
    (machine.tree / "packages-debian.txt").write_text("here\n")
    machine.has("dpkg-query", "printf installed")
    assert machine.run("debian_packages.sh").returncode == 0


def test_a_skipped_test_and_a_broken_fixture_count_as_failed(tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(
        "import pytest\n\n"
        "@pytest.fixture\ndef broken():\n    raise RuntimeError\n\n"
        "def test_good():\n    pass\n\ndef test_bad():\n    assert False\n\n"
        "def test_left_out():\n    pytest.ski" + "p()\n\ndef test_without_its_fixture(broken):\n    pass\n"
    )
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}", str(tmp_path)]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    outcome = counted(report)
    assert (outcome.passed, outcome.failed) == (1, 3)


def test_the_debian_packages_are_the_ones_the_tests_use() -> None:
    lines = (ROOT / "packages-debian.txt").read_text(encoding="utf-8").splitlines()
    names = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert names == sorted(names)
    assert all("#" in line for line in lines if line), "each says why"
