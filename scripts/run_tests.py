"""Checks and tests, as `make test` runs them, with one closing line over all of it: "312 passed, 0 failed".

The tests that are safe beside others run first, on two workers; those marked `realtime`, which keep time with sound and
processes of their own, a few at once after them; those marked `serial` follow, one after the other. The checks run
beside the first tests, and what they said is printed after those.
Nothing may be skipped: a skipped test counts as failed, and so does a run without tests.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

CHECKS = (
    ("ruff check", ["ruff", "check", "."]),
    ("ruff format", ["ruff", "format", "--check", "."]),
    ("mypy", ["mypy"]),
    ("import-linter", ["lint-imports", "--no-cache"]),
)
SHORT_RUNS = (
    (
        "tests that may run side by side",
        ["-n", "2", "--dist", "worksteal", "-m", "not serial and not realtime and not long"],
    ),
    # They wait for real sound more than they work, so a few at once cost little more than one.
    ("tests in real time, a few at once", ["-n", "3", "--dist", "loadscope", "-m", "realtime and not long"]),
    ("tests that want the machine to themselves", ["-m", "serial and not long"]),
)
LONG_RUNS = (("long tests", ["-m", "long", "--timeout", "7200"]),)
_NO_TESTS_COLLECTED = 5


@dataclass
class Outcome:
    """What came of one run."""

    passed: int = 0
    failed: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.passed + other.passed, self.failed + other.failed)


def say(text: str) -> None:
    """Print at once, in order with the children's output."""
    print(text, flush=True)


def run_checks() -> tuple[list[str], str]:
    """Run every check, also after one that failed; the names of those that failed, and what all of them printed."""
    broken: list[str] = []
    printed = ""
    for name, (program, *arguments) in CHECKS:
        done = subprocess.run(
            ["/usr/bin/nice", str(BIN / program), *arguments],  # the tests keep time
            cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        printed += f"== {name}\n{done.stdout}"
        if done.returncode:
            broken.append(name)
    return broken, printed.rstrip()


def run_pytest(name: str, arguments: list[str], where: list[str]) -> Outcome:
    """One run of pytest, counted from its own report; a run that broke off before it counts as one failure."""
    say(f"== {name}")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *arguments, *where]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code == _NO_TESTS_COLLECTED:
            return Outcome()
        outcome = counted(report) if report.exists() else Outcome()
    if code and not outcome.failed:
        outcome.failed = 1
    return outcome


def counted(report: Path) -> Outcome:
    """Tests passed and failed (errors and skipped ones among them) by a JUnit report."""
    outcome = Outcome()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):  # noqa: S314 - our own pytest wrote it
        total, failures, errors, skipped = (
            int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")
        )
        if skipped:
            say(f"{skipped} skipped: nothing may be skipped here, so this counts as failed.")
        outcome += Outcome(max(0, total - failures - errors - skipped), failures + errors + skipped)
    return outcome


def run_long(where: list[str]) -> tuple[Outcome, list[str]]:
    """What came of the long runs; no check is among them."""
    return sum((run_pytest(name, options, where) for name, options in LONG_RUNS), Outcome()), []


def run_short(where: list[str]) -> tuple[Outcome, list[str]]:
    """What came of the short runs and the checks, failed ones counted; and which checks failed."""
    first, *others = SHORT_RUNS
    with ThreadPoolExecutor(1) as beside:
        checks = beside.submit(run_checks)
        total = run_pytest(*first, where)
        broken, printed = checks.result()
    say(printed)
    total.failed += len(broken)
    for run in others:
        total += run_pytest(*run, where)
    return total, broken


def main(arguments: list[str]) -> int:
    """Run what was asked for; 0 only where something ran and nothing failed."""
    started = time.monotonic()
    only_checks, long = "--only-checks" in arguments, "--long" in arguments
    where = [a for a in arguments if not a.startswith("--")]
    if only_checks:
        broken, printed = run_checks()
        say(printed)
        say(f"Failed: {', '.join(broken)}." if broken else "All checks passed.")
        return bool(broken)
    total, broken = run_long(where) if long else run_short(where)
    say("")
    if broken:
        say(f"Failed checks (counted as failed): {', '.join(broken)}.")
    if total.passed + total.failed == 0:
        say("No tests ran: that counts as a failure.")
    say(f"It took {time.monotonic() - started:.0f} s.")
    say(f"{total.passed} passed, {total.failed} failed")
    return int(total.failed > 0 or total.passed == 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
