"""Tries a plugin in a process of its own: `python -m hookline.plugin_host.probe NAME FILE`.

It is imported, its migrations are run on a throw-away database, it is given its settings and asked what it contributes;
all of that is written to FILE as JSON. Whatever the plugin does, exits and crashes included, costs this process only.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Table, inspect

from hookline.contributions import PluginContext
from hookline.db import migrate, models
from hookline.db.base import Base
from hookline.db.database import Database
from hookline.errors import HooklineError
from hookline.plugin_host import contract
from hookline.plugin_host.discovery import discover
from hookline.plugin_host.loading import bare_manager
from hookline.plugin_host.manifest import Manifest
from hookline.plugin_settings import PluginSettings
from hookline.ports.clock import SystemClock
from hookline.settings import Settings, load_settings


@dataclass
class Seen:
    """What was seen of a plugin. `failures`: stage -> what went wrong there; `names`: kind -> names it contributes."""

    failures: dict[str, str] = field(default_factory=dict)
    refused_hooks: list[tuple[str, str]] = field(default_factory=list)
    unmarked_hooks: list[str] = field(default_factory=list)
    deprecated: list[str] = field(default_factory=list)
    hooks: list[str] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)
    permissions: dict[str, list[str]] = field(default_factory=dict)
    holders: list[tuple[str, str, str]] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    personal_tables: list[str] = field(default_factory=list)
    held_tables: list[str] = field(default_factory=list)
    foreign_tables: list[str] = field(default_factory=list)


#: Contribute hooks whose things have names, and what they are called.
NAMED = {
    "hookline_register_permissions": "permission",
    "hookline_register_policies": "policy",
    "hookline_register_telephony_backends": "backend",
    "hookline_register_script_engines": "script engine",
    "hookline_register_pacers": "pacer",
    "hookline_register_jobs": "job",
    "hookline_register_data_holders": "data holder",
    "hookline_register_health_checks": "health check",
}


#: Contribute hooks that are asked only to see whether they answer.
UNNAMED = ("hookline_register_navigation", "hookline_register_panels", "hookline_register_api_resources")


def main() -> None:
    """Probe the plugin NAME; write what was seen to FILE."""
    name, target = sys.argv[1], Path(sys.argv[2])
    seen = Seen()
    with tempfile.TemporaryDirectory() as folder:
        Probe(discover().manifests[name], Path(folder), seen).run()
    target.write_text(json.dumps(vars(seen)), encoding="utf-8")


class Probe:
    """One plugin under trial, in a folder of its own."""

    def __init__(self, manifest: Manifest, folder: Path, seen: Seen) -> None:
        self._manifest = manifest
        self._seen = seen
        self._db = Database(f"sqlite:///{folder / 'probe.db'}", SystemClock())
        self._folder = folder

    def run(self) -> None:
        """Every stage; a later one is left out where it stands on one that failed."""
        module = self._stage("import", lambda: importlib.import_module(f"{self._manifest.package}.hooks"))
        self._stage("migrations", self._migrate)
        if module is None:
            return
        hooks = self._stage("import", lambda: module.Hooks)
        if hooks is not None:
            self._stage("hooks", lambda: self._look_at(hooks))
        settings = self._stage("settings", self._settings)
        if hooks is not None and settings is not None:
            made = self._stage("construction", lambda: hooks(settings))
            if made is not None:
                self._ask(made)
        self._look_at_models()

    def _stage(self, stage: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except HooklineError as error:
            self._seen.failures[stage] = str(error)
        except (Exception, SystemExit) as error:
            self._seen.failures[stage] = _told(error)
        return None

    def _migrate(self) -> None:
        # Core's tables as they are now, for foreign keys. Its history would take longer than all the rest.
        Base.metadata.create_all(self._db.engine, _core_tables())
        before = set(inspect(self._db.engine).get_table_names())
        try:
            migrate.upgrade_plugin(self._db.engine, self._manifest.name, self._manifest.package)
        except migrate.ForeignTables as error:
            self._seen.foreign_tables = error.tables
            return
        finally:
            made = set(inspect(self._db.engine).get_table_names()) - before
            self._seen.tables = sorted(made)

    def _is_own(self, table: str) -> bool:
        return table.startswith(f"{self._manifest.name}_")

    def _look_at(self, hooks: type) -> None:
        manager = bare_manager()
        known = contract.known_hooks(manager)
        for name in contract.implemented(hooks):
            method = getattr(hooks, name)
            alone = type("Hooks", (), {name: method})
            try:
                contract.refuse_unknown(self._manifest.name, alone, known)
            except contract.UnknownHook as error:
                self._seen.refused_hooks.append((error.message, error.advice))
                continue
            self._seen.hooks.append(name)
            if not hasattr(method, "hookline_impl"):
                self._seen.unmarked_hooks.append(name)
            self._seen.deprecated += [str(u) for u in contract.deprecated_uses(self._manifest.name, alone, manager)]

    def _settings(self) -> PluginContext:
        settings: Settings = replace(load_settings(), data_dir=self._folder)
        own = PluginSettings(self._manifest.name, self._manifest.package, self._manifest.settings, settings)
        return PluginContext(self._db, SystemClock(), own.loaded(), self._folder)

    def _ask(self, made: object) -> None:
        for hook, what in NAMED.items():
            for thing in self._contributed(made, hook):
                self._seen.names.setdefault(what, []).append(str(getattr(thing, "name", "")))
                if what == "permission":
                    self._seen.permissions[str(thing.name)] = sorted(str(role) for role in thing.roles)
                if what == "data holder":
                    self._seen.holders.append((str(thing.name), str(thing.what), str(thing.why)))
                    self._seen.held_tables += list(thing.tables)
        for part in self._contributed(made, "hookline_register_web_parts"):
            self._seen.names.setdefault("blueprint", []).append(str(part.blueprint.name))
        for hook in UNNAMED:
            self._contributed(made, hook)

    def _contributed(self, made: object, hook: str) -> list[Any]:
        if hook not in self._seen.hooks or hook in self._seen.unmarked_hooks:
            return []
        return self._stage(hook, lambda: list(getattr(made, hook)() or [])) or []

    def _look_at_models(self) -> None:
        if importlib.util.find_spec(f"{self._manifest.package}.models"):
            self._stage("models", lambda: importlib.import_module(f"{self._manifest.package}.models"))
        for mapper in Base.registry.mappers:
            if mapper.class_.__module__.split(".")[0] != self._manifest.package.split(".")[0]:
                continue
            table = str(mapper.local_table)
            if not self._is_own(table) and table not in self._seen.foreign_tables:
                self._seen.foreign_tables.append(table)
            if mapper.class_.personal:
                self._seen.personal_tables.append(table)


def _core_tables() -> list[Table]:
    own = (m.local_table for m in Base.registry.mappers if m.class_.__module__.startswith(f"{models.__name__}."))
    return [table for table in own if isinstance(table, Table)]


def _told(error: BaseException) -> str:
    """The error and where in the plugin it came from, in one line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"


if __name__ == "__main__":
    main()
