"""Health checks: what core and plugins look at, for `/readyz`, the health page and `hookline doctor` alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hookline.text import fill


class Level(StrEnum):
    """How a finding stands."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


_ORDER = list(Level)


@dataclass(frozen=True)
class Finding:
    """What a check saw, and what to do about it. Both are message ids, with `params` filled in; no personal data."""

    level: Level
    message_id: str
    advice_id: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """What was seen, in English."""
        return fill(self.message_id, self.params)

    @property
    def advice(self) -> str:
        """What to do, in English."""
        return fill(self.advice_id, self.params)


@dataclass(frozen=True)
class HealthCheck:
    """One thing that is looked at. `name` is "<owner>.<check>"; `run` returns its findings, empty for nothing to say.

    `run` may be called from any thread, by several at once, in any process of the installation; it only reads, and
    answers within seconds. `ready`: a problem makes `/readyz` say no, so only for what keeps Hookline from working.
    `needs_database`: not run while the database is away or not migrated. `doctor_only`: makes sense beside the server
    only, at the command line.
    """

    name: str
    title: str
    run: Callable[[], list[Finding]]
    ready: bool = False
    needs_database: bool = True
    doctor_only: bool = False


@dataclass(frozen=True)
class Checked:
    """A check and what came of it."""

    check: HealthCheck
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """The worst of its findings."""
        return max((f.level for f in self.findings), key=_ORDER.index, default=Level.OK)


def ok(message_id: str, **params: object) -> Finding:
    """All is well."""
    return Finding(Level.OK, message_id, params=params)


def warning(message_id: str, advice_id: str, **params: object) -> Finding:
    """It works, but somebody should look."""
    return Finding(Level.WARNING, message_id, advice_id, params)


def problem(message_id: str, advice_id: str, **params: object) -> Finding:
    """It does not work."""
    return Finding(Level.PROBLEM, message_id, advice_id, params)
