"""Enabling and disabling plugins, and going back to a former set: checked, written to hookline.toml, numbered.

What runs is not touched here: `hookline.live_plugins` in the running server sees the file change and follows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from hookline import settings_file
from hookline.db import migrate
from hookline.db.database import Database
from hookline.db.models import Call, Campaign, ReleaseSet
from hookline.domain.access import Actor
from hookline.domain.calls import CallState
from hookline.domain.campaigns import CampaignState
from hookline.errors import Conflict, NotFound
from hookline.plugin_host.content import content_of, from_environment, given_to
from hookline.plugin_host.discovery import Discovery, deciding, discover, discover_for
from hookline.plugin_host.host import PluginHost
from hookline.plugin_host.states import PluginState
from hookline.plugin_settings import PluginSettings
from hookline.secret_box import SecretBox
from hookline.services.release_sets import Origin, ReleaseSets, Wish, is_fingerprint
from hookline.settings import Settings, load_settings
from hookline.text import N_

MANAGE = "plugins.manage"


@dataclass(frozen=True)
class Consequences:
    """What disabling a plugin means now: calls over its backends, running campaigns that require a policy of its."""

    open_calls: int
    campaigns: list[str]


@dataclass(frozen=True)
class BroughtBack:
    """A set was brought back as `number`. `kept` are secrets ("plugin.setting") that have changed since and stay."""

    number: int
    kept: list[str]


class PluginChanges:
    """Changes what is enabled. `host` knows what the plugins that run here contribute."""

    def __init__(self, db: Database, host: PluginHost, settings: Settings, sets: ReleaseSets) -> None:
        self._db = db
        self._host = host
        self._settings = settings
        self._sets = sets
        self.box = SecretBox(settings.data_dir / "release_set_key")

    def wanted(self) -> Settings:
        """The settings as the file has them at this moment. Raises BadSettings."""
        if self._settings.file is None:
            return self._settings
        return load_settings(self._settings.file.parent, self._settings.environment)

    def enable(self, actor: Actor, name: str, wish: Wish) -> int:
        """Enable a plugin, its migrations first; the set's number. Raises NotFound, Conflict, what they raise."""
        actor.require(MANAGE)
        self._file()
        wanted, found = self._look(name)
        if not _is_off(found, name):
            raise Conflict(N_("%(plugin)s is enabled already."), params={"plugin": name})
        self._refuse_unloadable(name)
        migrate.upgrade_plugin(self._db.engine, name, found.manifests[name].package)
        return self._commit(actor, deciding(wanted, found, {*on(found), name}), wish)

    def disable(self, actor: Actor, name: str, wish: Wish) -> int:
        """Disable a plugin; the number of the set. Raises Conflict while calls are up, unless the wish ends them."""
        actor.require(MANAGE)
        self._file()
        wanted, found = self._look(name)
        if _is_off(found, name):
            raise Conflict(N_("%(plugin)s is disabled already."), params={"plugin": name})
        self._refuse_calls([name], wish)
        return self._commit(actor, deciding(wanted, found, on(found) - {name}), wish)

    def roll_back(self, actor: Actor, number: int, wish: Wish) -> BroughtBack:
        """Bring back what a set says, as a new set. Secrets stay as they are.

        Raises Conflict that names every plugin of the set that is not installed in the set's version, or where calls
        are up over a plugin that goes.
        """
        actor.require(MANAGE)
        self._file()
        row = self._sets.get(number)
        wanted = self.wanted()
        found = discover_for(wanted)
        _refuse_missing(row, found)
        self._refuse_calls(sorted(on(found) - set(row.plugins)), wish)
        for name in row.plugins:
            migrate.upgrade_plugin(self._db.engine, name, found.manifests[name].package)
        tables, kept = self._tables_of(row, wanted, found)
        after = deciding(wanted, found, row.plugins)
        made = self._commit(actor, after, replace(wish, restores=number), tables)
        return BroughtBack(made, kept)

    def consequences(self, name: str) -> Consequences:
        """What disabling the plugin would mean now."""
        policies = {o.value.name for o in self._host.contributed("hookline_register_policies") if o.plugin == name}
        with self._db.read() as session:
            running = session.scalars(select(Campaign).where(Campaign.state == CampaignState.RUNNING)).all()
        requiring = [c.name for c in running if policies & set(c.required_policies)]
        return Consequences(self.open_calls(name), sorted(requiring))

    def open_calls(self, name: str) -> int:
        """How many calls are up, or being placed, over a plugin's telephony backends."""
        query = select(func.count()).select_from(Call)
        with self._db.read() as session:
            return (
                session.scalar(
                    query.where(Call.backend.in_(self._host.backends_of(name)), Call.state != CallState.ENDED)
                )
                or 0
            )

    def notice(self, origin: Origin) -> int:
        """The number of the set that says what the file says now; made where there is none yet."""
        return self._sets.record_if_new(content_of(self.wanted(), self.box), origin)

    def _file(self) -> Path:
        """The file to change; raises SettingsNotWritable before anything is done."""
        return settings_file.require_writable(self._settings.file, self._settings.environment)

    def _look(self, name: str) -> tuple[Settings, Discovery]:
        wanted = self.wanted()
        found = discover_for(wanted)
        if name not in found.manifests:
            raise NotFound(
                N_("No plugin %(plugin)s is installed."),
                N_("Installed are: %(installed)s."),
                params={"plugin": name, "installed": ", ".join(sorted(found.manifests))},
            )
        return wanted, found

    @staticmethod
    def _refuse_unloadable(name: str) -> None:
        status = discover().statuses[name]
        if status.state is not PluginState.ACTIVE:
            raise Conflict(status.note_id, params=status.note_params)

    def _refuse_calls(self, names: Collection[str], wish: Wish) -> None:
        for name in names:
            count = self.open_calls(name)
            if count and not wish.ends_calls:
                raise Conflict(
                    N_("%(count)s calls are up over %(plugin)s."),
                    N_("Wait until they have ended; or force it, and they are hung up in order first."),
                    params={"count": count, "plugin": name},
                )

    def _commit(
        self,
        actor: Actor,
        wanted: Settings,
        wish: Wish,
        tables: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> int:
        path = self._file()
        self.notice(Origin.FILE)  # so that there is a set to come back to
        plugins = {**wanted.plugins, **{name: dict(table) for name, table in (tables or {}).items()}}
        content = content_of(replace(wanted, plugins=plugins), self.box)
        with self._db.write() as unit:
            # The number comes with the file or not at all: a server that sees the file finds the set.
            number = self._sets.record(unit, actor, content, wish)
            settings_file.write(path, wanted, tables)
        return number

    def _tables_of(
        self, row: ReleaseSet, wanted: Settings, found: Discovery
    ) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """What the plugins' tables in the file are to say, and the secrets that differ now."""
        tables: dict[str, dict[str, Any]] = {}
        kept: list[str] = []
        for name in row.plugins:
            manifest = found.manifests[name]
            own = PluginSettings(name, manifest.package, manifest.settings, wanted)
            was, now, elsewhere = row.settings.get(name, {}), given_to(own, self.box), from_environment(own)
            secrets = {s for s in {*was, *now} if is_fingerprint(was.get(s)) or is_fingerprint(now.get(s))}
            kept += [f"{name}.{s}" for s in sorted(secrets) if was.get(s) != now.get(s)]
            tables[name] = {s: value for s, value in was.items() if s not in secrets and s not in elsewhere}
        return tables, kept


def _is_off(found: Discovery, name: str) -> bool:
    return found.statuses[name].state is PluginState.DISABLED


def on(found: Discovery) -> set[str]:
    """The plugins that are wanted, whether or not they can work."""
    return {name for name in found.manifests if not _is_off(found, name)}


def _refuse_missing(row: ReleaseSet, found: Discovery) -> None:
    wrong = [
        f"{name} {version}" + (f" ({found.manifests[name].version})" if name in found.manifests else "")
        for name, version in sorted(row.plugins.items())
        if name not in found.manifests or found.manifests[name].version != version
    ]
    if wrong:
        raise Conflict(
            N_("Release set %(number)s cannot be brought back: not installed any more: %(plugins)s."),
            N_("Install these versions (in brackets: what is installed now), then try again."),
            params={"number": row.number, "plugins": ", ".join(wrong)},
        )
