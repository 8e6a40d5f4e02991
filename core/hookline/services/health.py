"""Runs the health checks: each guarded and bounded by itself, those that need the database only where it is there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import structlog

from hookline.health import Checked, Finding, HealthCheck, Level, problem, warning
from hookline.text import N_

log = structlog.get_logger(__name__)

_SECONDS = 10.0
#: The public `/readyz` does not make us work more often than this.
_READY_KEPT_SECONDS = 2.0
#: The checks that say whether the others can be run.
_FOUNDATION = ("core.database", "core.migrations")


class HealthService:
    """Knows every check, core's and the plugins'. `is_active` says whether an owner's checks are to be run."""

    def __init__(self, checks: Iterable[HealthCheck], is_active: Callable[[str], bool]) -> None:
        self._checks = list(checks)
        self._is_active = is_active
        self._lock = threading.Lock()
        self._ready: tuple[float, list[str]] | None = None

    def replace(self, checks: Iterable[HealthCheck]) -> None:
        """Run these from now on."""
        self._checks = list(checks)

    def look(self, *, doctor: bool = False) -> list[Checked]:
        """Run every check now; `doctor` adds those that make sense at the command line only."""
        return self._run([c for c in self._active() if doctor or not c.doctor_only])

    def not_ready(self) -> list[str]:
        """Names of the checks that keep this process from working; empty when it is ready. Looked up every 2 s."""
        with self._lock:
            if self._ready is None or time.monotonic() - self._ready[0] > _READY_KEPT_SECONDS:
                seen = self._run([c for c in self._active() if c.ready])
                self._ready = (time.monotonic(), [s.check.name for s in seen if s.level is Level.PROBLEM])
            return list(self._ready[1])

    def _active(self) -> list[HealthCheck]:
        return [check for check in self._checks if self._is_active(check.name.partition(".")[0])]

    def _run(self, checks: list[HealthCheck]) -> list[Checked]:
        first = [c for c in checks if c.name in _FOUNDATION]
        founded = _together(first)
        sound = all(c.level is not Level.PROBLEM for c in founded)
        rest = [c for c in checks if c not in first]
        seen = {c.check.name: c for c in founded + _together([c for c in rest if sound or not c.needs_database])}
        return [seen.get(c.name) or Checked(c, (_without_database(),)) for c in checks]


def _together(checks: list[HealthCheck]) -> list[Checked]:
    """Run them side by side; one that hangs costs itself only."""
    answers: dict[str, list[Finding]] = {}
    # Daemons: a check that never comes back must not keep the process from ending.
    threads = [threading.Thread(target=_into, args=(answers, check), daemon=True) for check in checks]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + _SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [Checked(check, tuple(answers.get(check.name, [_late()]))) for check in checks]


def _into(answers: dict[str, list[Finding]], check: HealthCheck) -> None:
    try:
        answers[check.name] = check.run()
    except Exception as error:
        log.error("health check failed", check=check.name, exc_info=error)
        answers[check.name] = [_failed(error)]


def _failed(error: Exception) -> Finding:
    return problem(
        N_("The check itself failed (%(error)s)."), N_("Read the log for the reason."), error=type(error).__name__
    )


def _late() -> Finding:
    return problem(
        N_("The check did not answer within %(seconds)s s."), N_("What it looks at hangs."), seconds=round(_SECONDS)
    )


def _without_database() -> Finding:
    return warning(N_("Not looked at: it needs the database."), N_("Mend the database first."))
