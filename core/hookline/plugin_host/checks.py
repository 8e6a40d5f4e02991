"""What is to be known of a plugin before it is enabled: found out without letting it into this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from hookline import PLUGIN_API_VERSION, __version__
from hookline.health import Finding, Level, ok, problem, warning
from hookline.plugin_host.contract import version_note
from hookline.plugin_host.discovery import Discovery
from hookline.plugin_host.manifest import Manifest
from hookline.plugin_host.probe import Seen
from hookline.settings import Settings
from hookline.text import N_

#: A plugin that takes longer to import, migrate and answer than this hangs.
PROBE_SECONDS = 60
COMMANDS = "hookline.commands"


@dataclass(frozen=True)
class Surroundings:
    """What a plugin comes into. `names`: kind -> name -> the plugin (or core) that has it; `commands`: core's own.

    `pending` says whether a plugin's migrations are still to be applied; None where the database cannot be asked.
    """

    settings: Settings
    found: Discovery
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    commands: Collection[str] = ()
    pending: Callable[[Manifest], bool | None] = lambda _manifest: None


def check_plugin(name: str, around: Surroundings) -> list[Finding]:
    """Everything that is to be said, problems first."""
    manifest = around.found.manifests.get(name)
    if manifest is None:
        status = around.found.statuses[name]
        return [Finding(Level.PROBLEM, status.note_id, N_("Ask the plugin's author to mend it."), status.note_params)]
    found = [*_fits(manifest), *_extras(manifest), *_clashing_commands(manifest, around.commands)]
    if not manifest.missing_modules():
        seen, broken = probe(manifest, around.settings)
        found += broken or [
            *_hooks(seen),
            *_stages(seen),
            *_tables(manifest, seen, around),
            *_personal(seen),
            *_permissions(seen),
            *_clashes(manifest, seen, around.names),
        ]
    return sorted(found, key=lambda finding: -list(Level).index(finding.level))


def probe(manifest: Manifest, settings: Settings) -> tuple[Seen, list[Finding]]:
    """Try the plugin in a process of its own: what was seen, or why nothing was."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "seen.json"
        home = str(settings.file.parent) if settings.file else folder
        environment = {**os.environ, **settings.environment, "HOOKLINE_HOME": home}
        command = [sys.executable, "-m", "hookline.plugin_host.probe", manifest.name, str(target)]
        try:
            done = subprocess.run(  # noqa: S603 - our own program
                command,
                env={**environment, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
                capture_output=True,
                text=True,
                timeout=PROBE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Seen(), [_hangs()]
        if not target.exists():
            return Seen(), [_died(done)]
        return _read(json.loads(target.read_text(encoding="utf-8"))), []


def _read(data: dict[str, Any]) -> Seen:
    data["refused_hooks"] = [tuple(pair) for pair in data["refused_hooks"]]
    data["holders"] = [tuple(holder) for holder in data["holders"]]
    return Seen(**data)


def _hangs() -> Finding:
    return problem(
        N_("It did not come to an end of being imported and asked within %(seconds)s s."),
        N_("Ask the plugin's author: something hangs while it is imported, made or asked what it contributes."),
        seconds=PROBE_SECONDS,
    )


def _died(done: subprocess.CompletedProcess[str]) -> Finding:
    last = (done.stderr.strip().splitlines() or ["–"])[-1]
    return problem(
        N_("It ended the process that tried it (exit code %(code)s): %(error)s"),
        N_("Ask the plugin's author: it would end the server too."),
        code=done.returncode,
        error=last[:300],
    )


def _fits(manifest: Manifest) -> list[Finding]:
    found = []
    if note := version_note(manifest.api):
        advice = N_("Install a version of it that fits this Hookline.")
        found.append(problem(note, advice, wanted=manifest.api, here=PLUGIN_API_VERSION))
    if not manifest.fits(__version__):
        found.append(
            problem(
                N_("It is made for Hookline %(range)s; this is %(here)s."),
                N_("Install a version of it that fits this Hookline."),
                range=manifest.core,
                here=__version__,
            )
        )
    elif not manifest.core:
        found.append(
            warning(
                N_("It does not say for which versions of Hookline it is made."),
                N_('Its author says so in manifest.toml, for example: core = ">=0.1,<1.0"'),
            )
        )
    if not found:
        found.append(
            ok(
                N_("It fits this Hookline (%(range)s, contract %(api)s)."),
                range=manifest.core,
                api=manifest.api,
            )
        )
    return found


def _extras(manifest: Manifest) -> list[Finding]:
    missing = manifest.missing_modules()
    if not missing:
        return []
    return [
        problem(
            N_("Not installed, and it cannot work without: %(modules)s."),
            N_("Type: %(line)s"),
            modules=", ".join(missing),
            line=manifest.install_line(),
        )
    ]


def _clashing_commands(manifest: Manifest, commands: Collection[str]) -> list[Finding]:
    entries = list(entry_points(group=COMMANDS))
    own = {e.name for e in entries if e.value.partition(":")[0].split(".")[0] == manifest.package.split(".")[0]}
    others = {e.name for e in entries if e.value.partition(":")[0].split(".")[0] != manifest.package.split(".")[0]}
    return [
        problem(
            N_("Its command %(name)s is another's too, so `hookline %(name)s` is not the one that is meant."),
            N_("Ask its author to name it otherwise, or take the other one away."),
            name=name,
        )
        for name in sorted(own & {*others, *commands})
    ]


def _hooks(seen: Seen) -> list[Finding]:
    found = [Finding(Level.PROBLEM, message, advice) for message, advice in seen.refused_hooks]
    found += [
        warning(
            N_("%(hook)s is not marked @hookimpl, so it is never called."),
            N_("Its author marks it, or names it otherwise."),
            hook=hook,
        )
        for hook in seen.unmarked_hooks
    ]
    found += [warning(N_("%(use)s"), N_("It works for now; ask its author."), use=use) for use in seen.deprecated]
    if seen.hooks and not found:
        found.append(ok(N_("Its hooks are those of this Hookline: %(hooks)s."), hooks=", ".join(seen.hooks)))
    return found


_STAGES = {
    "import": N_("It cannot be imported: %(error)s"),
    "settings": N_("Its settings cannot be used: %(error)s"),
    "construction": N_("It cannot be made: %(error)s"),
    "migrations": N_("Its migrations fail, and nothing of them stays: %(error)s"),
    "models": N_("Its tables cannot be looked at: %(error)s"),
}


def _stages(seen: Seen) -> list[Finding]:
    found = []
    for stage, error in seen.failures.items():
        message = _STAGES.get(stage, N_("It raised in %(hook)s: %(error)s"))
        advice = N_("Mend them first.") if stage == "settings" else N_("Ask the plugin's author to mend it.")
        found.append(Finding(Level.PROBLEM, message, advice, {"error": error, "hook": stage}))
    return found


def _tables(manifest: Manifest, seen: Seen, around: Surroundings) -> list[Finding]:
    found = [
        problem(
            N_("Its table %(table)s does not begin with %(prefix)s."),
            N_("It is refused: such a table could be core's or another plugin's. Ask its author to rename it."),
            table=table,
            prefix=f"{manifest.name}_",
        )
        for table in seen.foreign_tables
    ]
    if not seen.tables or "migrations" in seen.failures:
        return found
    tables = ", ".join(t for t in seen.tables if not t.endswith("_alembic_version"))
    pending = around.pending(manifest)
    if pending:
        found.append(
            warning(
                N_("Its migrations are still to be applied; they make or change: %(tables)s."),
                N_("That is done when it is enabled. Make a backup first."),
                tables=tables,
            )
        )
    elif pending is None:
        found.append(
            warning(
                N_("It has tables (%(tables)s); whether they are up to date cannot be seen without the database."),
                N_("Type: hookline db upgrade"),
                tables=tables,
            )
        )
    else:
        found.append(ok(N_("Its tables are up to date: %(tables)s."), tables=tables))
    return found


def _personal(seen: Seen) -> list[Finding]:
    found = [
        ok(N_("It keeps personal data: %(what)s. Why: %(why)s."), what=what.rstrip("."), why=why.rstrip("."))
        for _name, what, why in seen.holders
    ]
    found += [
        problem(
            N_("Its table %(table)s holds personal data that nobody answers for: it has no data holder."),
            N_("Such data could be neither handed out nor erased. Ask its author to register a holder."),
            table=table,
        )
        for table in seen.personal_tables
        if table not in seen.held_tables
    ]
    if seen.failures:
        return found  # it was not seen whole: nothing is said of what it does not keep
    return found or [ok(N_("It keeps no personal data of its own."))]


def _permissions(seen: Seen) -> list[Finding]:
    if not seen.permissions:
        return []
    told = "; ".join(f"{name} ({', '.join(roles) or '–'})" for name, roles in sorted(seen.permissions.items()))
    return [ok(N_("It brings these permissions, held at first by: %(permissions)s."), permissions=told)]


def _clashes(manifest: Manifest, seen: Seen, names: Mapping[str, Mapping[str, str]]) -> list[Finding]:
    found = []
    for what, own in seen.names.items():
        taken = {name: owner for name, owner in names.get(what, {}).items() if owner != manifest.name}
        for name in own:
            if own.count(name) > 1 or name in taken:
                found.append(_taken(what, name, taken.get(name, manifest.name)))
    for name in seen.names.get("blueprint", []):
        if name != manifest.name:
            found.append(
                problem(
                    N_("Its blueprint is named %(name)s; it must be %(plugin)s."),
                    N_("Ask the plugin's author to mend it."),
                    name=name,
                    plugin=manifest.name,
                )
            )
    return found


def _taken(what: str, name: str, owner: str) -> Finding:
    return problem(
        N_("It registers the %(what)s %(name)s, which %(owner)s has already."),
        N_("Disable one of the two."),
        what=what,
        name=name,
        owner=owner,
    )
