"""The quality checklist: how far a plugin is, and what it lacks. Reads the plugin's files; imports and runs nothing.

docs/reference/quality.md is the checklist with what a person has to look at.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hookline.health import Finding, Level
from hookline.plugin_host.manifest import Manifest, find
from hookline.plugin_host.plugin_source import PluginSource
from hookline.plugin_host.quality_criteria import CRITERIA, Criterion, Grade
from hookline.text import N_

_SHOWN = 5


@dataclass(frozen=True)
class Verdict:
    """What came of one criterion: what is `lacking` (nothing: met), or None where it cannot be seen from here."""

    criterion: Criterion
    lacking: tuple[str, ...] | None

    @property
    def met(self) -> bool:
        """Whether nothing is known to be lacking."""
        return not self.lacking


@dataclass(frozen=True)
class QualityReport:
    """A plugin's verdicts, in the order of the grades."""

    plugin: str
    verdicts: tuple[Verdict, ...]

    @property
    def grade(self) -> str:
        """The best grade all of whose criteria, and all of the grades' before it, are met; "" for none."""
        reached = ""
        for grade in Grade:
            if not all(v.met for v in self.verdicts if v.criterion.grade is grade):
                break
            reached = grade.value
        return reached

    def lacking(self) -> dict[str, tuple[str, ...]]:
        """What is lacking, by criterion."""
        return {v.criterion.id: v.lacking for v in self.verdicts if v.lacking}

    def findings(self) -> list[Finding]:
        """The report as `hookline plugins check --quality` shows it: the grade, then what is lacking."""
        grade = N_("Quality: %(grade)s.") if self.grade else N_("Quality: not yet bronze.")
        found = [Finding(Level.OK if self.grade == Grade.GOLD else Level.WARNING, grade, "", {"grade": self.grade})]
        for verdict in self.verdicts:
            if verdict.lacking is None:
                unseen = N_("%(title)s: cannot be seen here; ask in the folder of the plugin's project.")
                found.append(Finding(Level.OK, unseen, "", {"title": verdict.criterion.title}))
            elif verdict.lacking:
                found.append(_lacking(verdict, verdict.lacking))
        return found


def _lacking(verdict: Verdict, lacking: tuple[str, ...]) -> Finding:
    shown = "; ".join(lacking[:_SHOWN]) + (f" … +{len(lacking) - _SHOWN}" if len(lacking) > _SHOWN else "")
    return Finding(
        Level.WARNING,
        N_("For %(grade)s: %(title)s."),
        N_("Missing: %(lacking)s"),
        {"grade": verdict.criterion.grade.value, "title": verdict.criterion.title, "lacking": shown},
    )


def assess(name: str, package: Path) -> QualityReport:
    """Look at the plugin whose package lies in that folder; README and tests are looked for beside it."""
    source = PluginSource(name, package)
    verdicts = []
    for criterion in CRITERIA:
        lacking = criterion.check(source)
        verdicts.append(Verdict(criterion, None if lacking is None else tuple(lacking)))
    return QualityReport(name, tuple(verdicts))


def assess_installed(manifest: Manifest) -> QualityReport:
    """Look at an installed plugin, without importing it."""
    spec = find(manifest.package)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    return assess(manifest.name, Path(locations[0]) if locations else Path(manifest.package))
