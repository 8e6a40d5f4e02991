"""Hookline's own commands, run in this process on the demo's installation.

The web package knows no plugin: what plugins can do, the demo asks of them as an integrator would, at the command line.
"""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from hookline.cli import cli

_OWN = "HOOKLINE_"


def forget_other_installations() -> None:
    """Drop every HOOKLINE_… variable: the demo must not touch the installation that they may lead to."""
    for name in [name for name in os.environ if name.startswith(_OWN)]:
        del os.environ[name]


def environment(home: Path) -> dict[str, str]:
    """The environment of a process that works on the installation in `home`."""
    return {**os.environ, "HOOKLINE_HOME": str(home), "PYTHONUNBUFFERED": "1"}


def run(home: Path, *arguments: str) -> str:
    """Run `hookline …` on the installation in `home`; returns what it said. Raises what the command raises."""
    said = io.StringIO()
    os.environ["HOOKLINE_HOME"] = str(home)
    try:
        with redirect_stdout(said), redirect_stderr(said):
            cli.main(args=list(arguments), prog_name="hookline", standalone_mode=False)
    finally:
        del os.environ["HOOKLINE_HOME"]
    return said.getvalue()
