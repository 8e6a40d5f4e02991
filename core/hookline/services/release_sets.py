"""Numbered sets of plugins, versions and settings: what the installation was built from, when, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db import locks
from hookline.db.database import Database, UnitOfWork
from hookline.db.models import ReleaseSet, User
from hookline.domain.access import Actor
from hookline.domain.events import PluginsApplied, PluginsChanged
from hookline.errors import NotFound
from hookline.text import N_

_NOTE_LENGTH = 500
_LARGEST = 2**31 - 1  # what a database's integer holds; larger ones would be an error of the driver


class Origin(StrEnum):
    """Where a change came from."""

    PAGE = "page"
    COMMAND = "command"
    FILE = "file"  # hookline.toml was edited
    START = "start"  # found when the server started: an upgrade, or an edit while it did not run


@dataclass(frozen=True)
class SetContent:
    """What a set says: versions of the enabled plugins, and the settings that were set, secrets as fingerprints."""

    plugins: Mapping[str, str]
    settings: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Wish:
    """How a set comes to be: where from, why, what it brings back, whether calls are hung up for it."""

    origin: Origin
    note: str = ""
    restores: int | None = None
    ends_calls: bool = False


class Change(StrEnum):
    """What became of a thing between two sets."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    VERSION = "version"
    SETTING = "setting"
    SECRET = "secret"  # noqa: S105 - a word; the secret itself is not kept


@dataclass(frozen=True)
class Difference:
    """One thing that differs: `old` and `new` as they were stored, "" where it was not there."""

    change: Change
    plugin: str
    setting: str = ""
    old: Any = ""
    new: Any = ""


@dataclass(frozen=True)
class SetView:
    """A set with who made it, for showing; `by` is "" where nobody was logged in."""

    row: ReleaseSet
    by: str
    differences: list[Difference] = field(default_factory=list)


class ReleaseSets:
    """Keeps the sets."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def newest(self) -> ReleaseSet | None:
        """The last set that was made."""
        with self._db.read() as session:
            return _newest(session)

    def get(self, number: int) -> ReleaseSet:
        """A set by its number; raises NotFound."""
        with self._db.read() as session:
            found = session.get(ReleaseSet, number) if 0 < number <= _LARGEST else None
        if found is None:
            raise NotFound(N_("There is no release set %(number)s."), params={"number": number})
        return found

    def history(self, limit: int = 100) -> list[SetView]:
        """The last sets, newest first, each with what it changed against the one before."""
        query = select(ReleaseSet, User.login).outerjoin(User, User.id == ReleaseSet.made_by)
        with self._db.read() as session:
            rows = session.execute(query.order_by(ReleaseSet.number.desc()).limit(limit + 1)).all()
        before = [row for row, _login in rows[1:]]
        shown = []
        for place, (row, login) in enumerate(rows[:limit]):
            older = before[place] if place < len(before) else None
            shown.append(SetView(row, login or "", differences(older, row) if older else []))
        return shown

    def record(self, unit: UnitOfWork, actor: Actor | None, content: SetContent, wish: Wish) -> int:
        """Number a set and tell of it; returns the number."""
        locks.exclusive(unit.session, locks.RELEASE_SETS)
        number = (unit.session.scalar(select(func.max(ReleaseSet.number))) or 0) + 1
        user_id = actor.user_id if actor else None
        unit.session.add(
            ReleaseSet(
                number=number,
                made_at=unit.clock.now(),
                made_by=user_id,
                origin=wish.origin.value,
                note=wish.note.strip()[:_NOTE_LENGTH],
                plugins=dict(content.plugins),
                settings={name: dict(values) for name, values in content.settings.items()},
                restores=wish.restores,
                ends_calls=wish.ends_calls,
            )
        )
        unit.emit(PluginsChanged(agent_id=user_id, number=number, origin=wish.origin.value))
        return number

    def record_if_new(self, content: SetContent, origin: Origin) -> int:
        """The number of the newest set, made now where what is wanted is another than it says."""
        with self._db.write() as unit:
            locks.exclusive(unit.session, locks.RELEASE_SETS)
            newest = _newest(unit.session)
            if newest is not None and same(newest, content):
                return newest.number
            return self.record(unit, None, content, Wish(origin))

    def applied(self, number: int, problem: str) -> None:
        """The running server has it in force; `problem` says what did not work."""
        with self._db.write() as unit:
            row = unit.session.get_one(ReleaseSet, number)
            row.applied_at, row.problem = unit.clock.now(), problem
            unit.emit(PluginsApplied(number=number, sound=not problem))

    def diff(self, old: int, new: int) -> list[Difference]:
        """What differs between two sets, by plugin; raises NotFound."""
        return differences(self.get(old), self.get(new))


def same(row: ReleaseSet, content: SetContent) -> bool:
    """Whether a set says just that."""
    settings = {name: dict(values) for name, values in content.settings.items()}
    return row.plugins == dict(content.plugins) and row.settings == settings


def differences(old: ReleaseSet, new: ReleaseSet) -> list[Difference]:
    """What differs, by plugin: enabled, disabled, another version, other settings."""
    found: list[Difference] = []
    for plugin in sorted({*old.plugins, *new.plugins, *old.settings, *new.settings}):
        before, after = old.plugins.get(plugin, ""), new.plugins.get(plugin, "")
        if before != after:
            change = Change.ENABLED if not before else Change.DISABLED if not after else Change.VERSION
            found.append(Difference(change, plugin, old=before, new=after))
        found += _settings_differ(plugin, old.settings.get(plugin, {}), new.settings.get(plugin, {}))
    return found


def _settings_differ(plugin: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    found = []
    for name in sorted({*old, *new}):
        before, after = old.get(name, ""), new.get(name, "")
        if before == after:
            continue
        if is_fingerprint(before) or is_fingerprint(after):
            found.append(Difference(Change.SECRET, plugin, name))
        else:
            found.append(Difference(Change.SETTING, plugin, name, before, after))
    return found


def is_fingerprint(value: Any) -> bool:
    """Whether a stored value stands for a secret: it tells only whether two are the same."""
    return isinstance(value, dict) and set(value) == {"fingerprint"}


def _newest(session: Session) -> ReleaseSet | None:
    return session.scalar(select(ReleaseSet).order_by(ReleaseSet.number.desc()).limit(1))
