"""Administration of scripts: write, change, look at versions, copy, try out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hookline.db.database import Database, UnitOfWork
from hookline.db.models import Client, User
from hookline.domain.access import Actor, Scope
from hookline.domain.scripts import ScriptContext, ScriptView
from hookline.errors import Conflict, NotFound
from hookline.text import N_
from hookline_scripts.errors import InvalidScript, Problem
from hookline_scripts.format import ScriptSource, parse_script
from hookline_scripts.graph.checking import check
from hookline_scripts.graph.findings import Finding, Severity
from hookline_scripts.models import Script, ScriptVersion
from hookline_scripts.permissions import MANAGE
from hookline_scripts.showing import show


@dataclass(frozen=True)
class ScriptRow:
    """A script in the list; `client` is empty where it is for every client."""

    id: int
    title: str
    client_id: int | None
    client: str
    version: int
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True)
class VersionRow:
    """One saved version."""

    version: int
    created_at: datetime
    created_by: str
    text: str


class ScriptService:
    """What holders of scripts.manage do. Scripts of clients outside the actor's scope do not exist for him."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def clients(self, actor: Actor) -> list[tuple[int, str]]:
        """Clients for which he may write scripts: id and name."""
        with self._db.read() as session:
            query = select(Client.id, Client.name).where(Client.active).order_by(Client.name)
            return [(row.id, row.name) for row in session.execute(query) if actor.scope.covers_client(row.id)]

    def scripts(self, actor: Actor) -> list[ScriptRow]:
        """Every script he may manage, by title."""
        actor.require(MANAGE)
        query = (
            select(Script, Client.name, ScriptVersion.created_at, User.display_name)
            .join(ScriptVersion, (ScriptVersion.script_id == Script.id) & (ScriptVersion.version == Script.version))
            .outerjoin(Client, Client.id == Script.client_id)
            .outerjoin(User, User.id == ScriptVersion.created_by)
            .order_by(func.lower(Script.title), Script.id)
        )
        with self._db.read() as session:
            return [
                ScriptRow(s.id, s.title, s.client_id, client or "", s.version, at, by or "")
                for s, client, at, by in session.execute(query)
                if _covers(actor.scope, s.client_id)
            ]

    def get(self, actor: Actor, script_id: int) -> tuple[Script, str]:
        """The script and its current text."""
        actor.require(MANAGE)
        with self._db.read() as session:
            script = _get(session, actor.scope, script_id)
            return script, _version(session, script.id, script.version).text

    def versions(self, actor: Actor, script_id: int) -> list[VersionRow]:
        """Every version, newest first."""
        actor.require(MANAGE)
        with self._db.read() as session:
            script = _get(session, actor.scope, script_id)
            rows = session.execute(
                select(ScriptVersion, User.display_name)
                .outerjoin(User, User.id == ScriptVersion.created_by)
                .where(ScriptVersion.script_id == script.id)
                .order_by(ScriptVersion.version.desc())
            )
            return [VersionRow(v.version, v.created_at, by or "", v.text) for v, by in rows]

    def add(self, actor: Actor, client_id: int | None, text: str) -> int:
        """Save a new script; returns its id. Raises InvalidScript."""
        actor.require(MANAGE)
        title = _sound(text).title
        with self._db.write() as unit:
            if not _covers(actor.scope, client_id) or (client_id and unit.session.get(Client, client_id) is None):
                raise NotFound(N_("There is no such client."))
            script = Script(client_id=client_id, title=title, version=1, created_at=unit.clock.now())
            unit.session.add(script)
            unit.session.flush()
            _add_version(unit, script, text, actor)
            return script.id

    def change(self, actor: Actor, script_id: int, text: str, opened_version: int) -> int:
        """Save a new version; returns its number. Raises InvalidScript, or Conflict where somebody else was faster."""
        actor.require(MANAGE)
        title = _sound(text).title
        with self._db.write() as unit:
            script = _get(unit.session, actor.scope, script_id)
            if script.version != opened_version:
                raise Conflict(
                    N_("Somebody saved version %(version)s of this script while you were writing."),
                    N_("Your text is still in the form: copy it, look at the newest version, then save again."),
                    params={"version": script.version},
                )
            if text == _version(unit.session, script.id, script.version).text:
                return script.version
            script.title, script.version = title, script.version + 1
            _add_version(unit, script, text, actor)
            return script.version

    def duplicate(self, actor: Actor, script_id: int) -> int:
        """A copy of the current version for the same client; returns its id."""
        script, text = self.get(actor, script_id)
        with self._db.write() as unit:
            copy = Script(client_id=script.client_id, title=script.title, version=1, created_at=unit.clock.now())
            unit.session.add(copy)
            unit.session.flush()
            _add_version(unit, copy, text, actor)
            return copy.id

    def preview(self, actor: Actor, text: str, context: ScriptContext) -> tuple[ScriptView, list[Finding]]:
        """The text as an agent would see it, and what the checker says of it; raises InvalidScript."""
        actor.require(MANAGE)
        source = parse_script(text)
        return show("", source, context, {}), check(source)


def _sound(text: str) -> ScriptSource:
    """The script; raises InvalidScript also for what the checker calls an error: it would fail in a conversation."""
    source = parse_script(text)
    errors = [found for found in check(source) if found.severity is Severity.ERROR]
    if errors:
        raise InvalidScript(Problem(found.message, found.params, found.line) for found in errors)
    return source


def _covers(scope: Scope, client_id: int | None) -> bool:
    return scope.clients is None if client_id is None else scope.covers_client(client_id)


def _get(session: Session, scope: Scope, script_id: int) -> Script:
    script = session.get(Script, script_id)
    if script is None or not _covers(scope, script.client_id):
        raise NotFound(N_("There is no such script."), N_("Go back to the list of scripts."))
    return script


def _version(session: Session, script_id: int, version: int) -> ScriptVersion:
    return session.scalars(
        select(ScriptVersion).where(ScriptVersion.script_id == script_id, ScriptVersion.version == version)
    ).one()


def _add_version(unit: UnitOfWork, script: Script, text: str, actor: Actor) -> None:
    unit.session.add(
        ScriptVersion(
            script_id=script.id,
            version=script.version,
            text=text,
            created_at=unit.clock.now(),
            created_by=actor.user_id,
        )
    )
