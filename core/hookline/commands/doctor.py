"""`hookline doctor`: how the installation stands, and what to do."""

from __future__ import annotations

import click

from hookline import bootstrap
from hookline.errors import HooklineError
from hookline.health import Checked, Level

_MARKS = {Level.OK: ("ok", "green"), Level.WARNING: ("warning", "yellow"), Level.PROBLEM: ("problem", "red")}


class ProblemsFound(HooklineError):
    """The doctor found something that does not work."""

    id = "problems-found"


@click.command()
@click.option("--quiet", is_flag=True, help="Print only what is not in order.")
def doctor(quiet: bool) -> None:
    """Look at database, migrations, disk, port, engine, telephony, plugins, jobs and recordings; say what to do.

    Ends with an error where there is a problem; warnings alone are none. Changes nothing, and may run beside the
    server.
    """
    try:
        runtime = bootstrap.build()
    except HooklineError as error:
        _print(Level.PROBLEM, "Start", error.message, error.advice)
        raise ProblemsFound("The installation cannot be opened.") from error
    try:
        seen = runtime.health.look(doctor=True)
    finally:
        runtime.close()
    for checked in seen:
        _print_checked(checked, quiet)
    problems = sum(f.level is Level.PROBLEM for checked in seen for f in checked.findings)
    if problems:
        raise ProblemsFound(f"{problems} problem{'s' if problems > 1 else ''}.", "Mend the first one first.")


def _print_checked(checked: Checked, quiet: bool) -> None:
    if not checked.findings and not quiet:
        _print(Level.OK, checked.check.title, "", "")
    for finding in checked.findings:
        if not quiet or finding.level is not Level.OK:
            _print(finding.level, checked.check.title, finding.message, finding.advice)


def _print(level: Level, title: str, message: str, advice: str) -> None:
    mark, colour = _MARKS[level]
    click.echo(f"{click.style(mark.ljust(8), fg=colour)} {title}: {message}".rstrip(": "))
    if advice:
        click.echo(f"         → {advice}")
