"""What core looks at to say how the installation stands."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from hookline.db import migrate
from hookline.db.database import Database
from hookline.db.models import Campaign, Client, OutboxEvent, Recording
from hookline.health import Finding, HealthCheck, ok, problem, warning
from hookline.ports.hooks import Hooks
from hookline.ports.leader import Leadership
from hookline.ports.recording_store import RecordingStore, StoreUnavailable
from hookline.services.job_board import JobBoard
from hookline.text import N_

_MEBIBYTE = 1024 * 1024
_LITTLE_SPACE, _NO_SPACE = 2048 * _MEBIBYTE, 256 * _MEBIBYTE
_EVENTS_WAIT = timedelta(minutes=1)
_RECORDINGS_WAIT = timedelta(hours=1)


@dataclass(frozen=True)
class PluginHealth:
    """A plugin as the check on plugins needs to know it."""

    name: str
    state: str
    note: str
    errors: int


@dataclass(frozen=True)
class Parts:
    """What core's checks look at."""

    db: Database
    hooks: Hooks
    job_board: JobBoard
    store: RecordingStore
    leadership: Leadership
    data_dir: Path
    address: tuple[str, int]
    packages: Callable[[], dict[str, str]]
    plugins: Callable[[], list[PluginHealth]]
    engine_runs: Callable[[], bool]


def core_checks(parts: Parts) -> list[HealthCheck]:
    """Every one, in the order in which they are shown."""
    at = CoreChecks(parts)
    return [
        HealthCheck("core.database", N_("Database"), at.database, ready=True, needs_database=False),
        HealthCheck("core.migrations", N_("Migrations"), at.migrations, ready=True, needs_database=False),
        HealthCheck("core.disk", N_("Disk"), at.disk, ready=True, needs_database=False),
        HealthCheck("core.port", N_("Port of the pages"), at.port, needs_database=False, doctor_only=True),
        HealthCheck("core.engine", N_("Engine"), at.engine, ready=True),
        HealthCheck("core.telephony", N_("Telephony"), at.telephony, ready=True),
        HealthCheck("core.plugins", N_("Plugins"), at.plugins, needs_database=False),
        HealthCheck("core.jobs", N_("Background jobs"), at.jobs),
        HealthCheck("core.events", N_("Events"), at.events),
        HealthCheck("core.recordings", N_("Recording store"), at.recordings),
    ]


class CoreChecks:
    """The checks; each says what it sees now."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._migrated = False

    def database(self) -> list[Finding]:
        """Whether it answers."""
        try:
            with self._parts.db.read() as session:
                session.execute(text("SELECT 1"))
        except DBAPIError as error:
            return [
                problem(
                    N_("The database does not answer (%(error)s)."),
                    N_("Check that it runs, and the setting database_url."),
                    error=type(error).__name__,
                )
            ]
        return [ok(N_("It answers (%(kind)s)."), kind=self._parts.db.engine.dialect.name)]

    def migrations(self) -> list[Finding]:
        """Whether the tables are as this program needs them; once they are, they stay so while it runs."""
        try:
            late = [] if self._migrated else migrate.pending(self._parts.db.engine, self._parts.packages())
        except DBAPIError:
            return [warning(N_("Not looked at: it needs the database."), N_("Mend the database first."))]
        self._migrated = not late
        if "core" in late:
            return [
                problem(
                    N_("The database is older than this program (%(owners)s)."),
                    N_("Make a backup, then run: hookline db upgrade"),
                    owners=", ".join(late),
                )
            ]
        if late:
            return [
                warning(
                    N_("The tables of these plugins are older than they are: %(owners)s."),
                    N_("They do not run until then: make a backup, then run: hookline db upgrade"),
                    owners=", ".join(late),
                )
            ]
        return [ok(N_("All are applied."))]

    def disk(self) -> list[Finding]:
        """Whether the data folder can be written to, and has space for recordings."""
        folder = self._parts.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".health-") as file:
                file.write(b"ok")
            left = shutil.disk_usage(folder).free
        except OSError as error:
            return [
                problem(
                    N_("The data folder cannot be written to (%(error)s)."),
                    N_("Check that it exists, who owns it, and whether the disk is full."),
                    error=os.strerror(error.errno) if error.errno else type(error).__name__,
                )
            ]
        mebibytes = left // _MEBIBYTE
        if left < _NO_SPACE:
            return [
                problem(N_("Only %(left)s MiB are free."), N_("Make room: calls may go unrecorded."), left=mebibytes)
            ]
        if left < _LITTLE_SPACE:
            return [warning(N_("Only %(left)s MiB are free."), N_("Make room, or move recordings."), left=mebibytes)]
        return [ok(N_("%(left)s MiB are free."), left=mebibytes)]

    def port(self) -> list[Finding]:
        """Whether the pages' port is free or ours."""
        host, port = self._parts.address
        answer = _who_listens(host, port)
        if answer == "hookline":
            return [ok(N_("Hookline answers on port %(port)s."), port=port)]
        if answer:
            return [
                problem(
                    N_("Another program listens on port %(port)s."),
                    N_("Stop it, or choose another port: hookline serve --port, or the setting port."),
                    port=port,
                )
            ]
        try:
            with socket.create_server((host, port)):
                return [ok(N_("Port %(port)s is free."), port=port)]
        except OSError as error:
            return [
                problem(
                    N_("Hookline cannot listen on %(host)s port %(port)s (%(error)s)."),
                    N_("Choose an address of this machine, and a port above 1023."),
                    host=host,
                    port=port,
                    error=os.strerror(error.errno) if error.errno else type(error).__name__,
                )
            ]

    def engine(self) -> list[Finding]:
        """Whether the engine runs, here or in another process of the installation."""
        if self._parts.engine_runs():
            return [ok(N_("It runs in this process."))]
        leadership = self._parts.leadership
        if leadership.lead():
            leadership.give_up()
            return [
                problem(
                    N_("No process of this installation runs the engine, so nothing is dialled."),
                    N_("Start it: hookline serve"),
                )
            ]
        return [ok(N_("Another process of this installation runs it."))]

    def telephony(self) -> list[Finding]:
        """What keeps running campaigns' calls from going out; where none runs, only a warning."""
        with self._parts.db.read() as session:
            running = session.execute(
                select(Campaign.client_id, Campaign.backend).where(Campaign.state == "running").distinct()
            ).all()
            clients = session.scalars(select(Client.id).where(Client.active)).all()
        backends = self._parts.hooks.backends()
        found = [
            problem(
                N_("Running campaigns use the telephony backend %(name)s, which is not available."),
                N_("Enable its plugin, or choose another in the campaign."),
                name=name,
            )
            for name in sorted({name for _, name in running} - set(backends))
        ]
        for name, backend in backends.items():
            due = {client for client, used in running if used == name}
            urgent = {p.id: p for client in sorted(due) for p in backend.problems(client)}
            idle = {p.id: p for client in clients if client not in due for p in backend.problems(client)}
            found += [problem(p.message, p.advice) for p in urgent.values()]
            found += [warning(p.message, p.advice) for p in idle.values() if p.id not in urgent]
        if not backends:
            found.append(warning(N_("There is no telephony backend."), N_("Install and enable one: see Plugins.")))
        return found or [ok(N_("Ready to dial: %(names)s."), names=", ".join(b.title for b in backends.values()))]

    def plugins(self) -> list[Finding]:
        """Which plugins do not work."""
        found = []
        for plugin in self._parts.plugins():
            if plugin.state == "failed":
                text_id = N_("The plugin %(name)s has failed. %(note)s")
                found.append(problem(text_id, N_("Mend or disable it."), name=plugin.name, note=plugin.note))
            elif plugin.state == "quarantined":
                text_id = N_("The plugin %(name)s was stopped after too many errors.")
                advice = N_("See on the page Health what it did, have it mended, and bring it back.")
                found.append(problem(text_id, advice, name=plugin.name))
            elif plugin.state == "unavailable":
                text_id = N_("The plugin %(name)s is not available. %(note)s")
                found.append(warning(text_id, N_("Install what it needs."), name=plugin.name, note=plugin.note))
            elif plugin.errors:
                text_id = N_("The plugin %(name)s has raised %(count)s errors since the start.")
                found.append(warning(text_id, N_("Read the log."), name=plugin.name, count=plugin.errors))
        return found or [ok(N_("Every enabled plugin works."))]

    def jobs(self) -> list[Finding]:
        """Which jobs failed the last time."""
        failed = [row.name for row in self._parts.job_board.statuses().values() if row.state == "failed"]
        return [
            warning(
                N_("The job %(name)s failed when it ran last."),
                N_("The page Jobs shows why; run it again there."),
                name=n,
            )
            for n in failed
        ] or [ok(N_("None has failed."))]

    def events(self) -> list[Finding]:
        """Whether events wait to be published."""
        late = self._parts.db.clock.now() - _EVENTS_WAIT
        with self._parts.db.read() as session:
            waiting = session.scalar(select(func.count()).where(OutboxEvent.sequence.is_(None), OutboxEvent.at < late))
        if waiting:
            return [
                warning(
                    N_("%(count)s events have waited for more than a minute."),
                    N_("They are published while the engine runs; if it does, read its log."),
                    count=waiting,
                )
            ]
        return [ok(N_("None waits."))]

    def recordings(self) -> list[Finding]:
        """Whether the store can be reached, and whether recordings wait for it too long."""
        try:
            self._parts.store.probe()
        except StoreUnavailable as error:
            return [problem(error.message_id, error.advice_id, **error.params)]
        late = self._parts.db.clock.now() - _RECORDINGS_WAIT
        with self._parts.db.read() as session:
            waiting = session.scalar(
                select(func.count()).where(
                    Recording.state == "stored", Recording.store == "", Recording.started_at < late
                )
            )
        if waiting:
            return [
                warning(
                    N_("%(count)s recordings have waited for the store for more than an hour."),
                    N_("See the job core.store-recordings on the page Jobs. They can be played meanwhile."),
                    count=waiting,
                )
            ]
        return [ok(N_("It can be reached (%(store)s)."), store=self._parts.store.name)]


def _who_listens(host: str, port: int) -> str:
    """ "hookline", "other", or "" where nobody does."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return "hookline" if b'"hookline"' in connection.getresponse().read(200) else "other"
    except (ConnectionRefusedError, socket.gaierror):
        return ""
    except (OSError, http.client.HTTPException):
        return "other"
    finally:
        connection.close()
