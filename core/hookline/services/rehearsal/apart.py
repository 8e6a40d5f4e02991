"""The rehearsal in a process of its own, so that live calls lose no time to it: a case in, a line for each step out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import IO, Any

from hookline.errors import HooklineError
from hookline.services.rehearsal.case import Case, Outcome
from hookline.services.rehearsal.world import Rehearsal
from hookline.text import N_

#: Lower than the engine by so much in the system's order of who may work.
_NICENESS = 10


class RehearsalBroken(HooklineError):
    """The process ended without a result."""

    id = "rehearsal-broken"


def run_apart(case: Case, progress: Callable[[int, int], None]) -> Outcome:
    """Live through the case elsewhere; `progress` may raise to break it off. Raises RehearsalBroken."""
    command = [sys.executable, "-m", "hookline.services.rehearsal.apart"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            return _converse(process, case, progress)
        finally:
            process.kill()


def _converse(process: subprocess.Popen[str], case: Case, progress: Callable[[int, int], None]) -> Outcome:
    if process.stdin is None or process.stdout is None:
        raise RehearsalBroken(N_("The rehearsal could not be started."))
    json.dump(case.to_json(), process.stdin)
    process.stdin.close()
    for line in process.stdout:
        told = json.loads(line)
        if "outcome" in told:
            return Outcome(**told["outcome"])
        progress(told["done"], told["total"])
    raise RehearsalBroken(
        N_("The rehearsal broke off before its end."), N_("Rehearse again; if that helps nothing, look at the log.")
    )


def _tell(out: IO[str], **what: Any) -> None:
    out.write(json.dumps(what) + "\n")
    out.flush()


def main() -> None:
    """In the other process."""
    os.nice(_NICENESS)
    case = Case.from_json(json.load(sys.stdin))
    outcome = Rehearsal(case, lambda done, total: _tell(sys.stdout, done=done, total=total)).run()
    _tell(sys.stdout, outcome=vars(outcome))


if __name__ == "__main__":
    main()
