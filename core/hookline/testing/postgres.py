"""A real PostgreSQL server for tests: one for each process that asks, gone with it.

url = server().database(key, migrate)     # a fresh database, with the tables of one that was migrated once
server().drop(url)                        # its rows go; the next who asks gets it

The programs come from Debian's package `postgresql`. The server listens on loopback only, on a port that was free;
its data are in a folder of its own below the system's temporary folder, and nothing of them is ever synced to disk.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Hashable
from functools import cache
from pathlib import Path

from sqlalchemy import URL, NullPool, create_engine, text

from hookline.errors import NotConfigured

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
#: PostgreSQL refuses to run as root; this is whom Debian makes for it.
_ACCOUNT = "postgres"
_USER = "hookline"
_INITDB = ("--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "deadlock_timeout=200ms",
)


#: A database is used so often, then its emptied rows have piled up.
_USES = 25
_DISCONNECT_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
#: Every row but those of the version tables; ids begin at 1 again.
_EMPTY = """
DO $$
DECLARE thing record;
BEGIN
    SET LOCAL session_replication_role = replica;  -- foreign keys: all goes at once
    FOR thing IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT LIKE '%alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', thing.tablename);
    END LOOP;
    FOR thing IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        PERFORM setval(quote_ident(thing.sequencename), 1, false);
    END LOOP;
END $$
"""


class PostgresServer:
    """One running server. `database` hands out fresh databases, with the tables of a template made once per key."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hookline-pg-"))
        self._templates: dict[Hashable, str] = {}
        self._lent: dict[str, tuple[Hashable, int]] = {}
        self._idle: dict[Hashable, list[tuple[str, int]]] = {}
        self._made = 0
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.port = self._start()
        except BaseException:
            self.stop()
            raise
        self._admin = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT", pool_size=1)

    def database(self, key: Hashable, migrate: Callable[[str], None]) -> str:
        """The URL of a fresh database: its tables are there, and empty.

        `migrate` makes the tables of the key's template, the first time it is asked for.
        """
        if key not in self._templates:
            template = self._create()
            migrate(self._url(template))
            self._templates[key] = template
        idle = self._idle.get(key)
        name, uses = idle.pop() if idle else (self._create(self._templates[key]), 0)
        self._lent[name] = key, uses + 1
        return self._url(name)

    def empty_database(self, options: str = "") -> str:
        """The URL of a fresh database without any table; `options` are those of CREATE DATABASE."""
        return self._url(self._create(options=options))

    def drop(self, url: str) -> None:
        """Take a database back, whoever is still connected to it."""
        name = url.rpartition("/")[2]
        key, uses = self._lent.pop(name, (None, 0))
        # Copying hundreds of small files for every test costs more than all else; emptying the tables does not.
        if key is not None and uses < _USES:
            self._empty(name)
            self._idle.setdefault(key, []).append((name, uses))
            return
        with self._admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    def stop(self) -> None:
        """End the server and delete its data."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing is to be kept
            self._process.wait(_STOP_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _empty(self, name: str) -> None:
        engine = create_engine(self._url(name), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(_DISCONNECT_OTHERS))
            connection.execute(text(_EMPTY))
        engine.dispose()

    def _create(self, template: str = "template0", options: str = "") -> str:
        self._made += 1
        name = f"t{self._made}"
        with self._admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy {options}"))
        return name

    def _url(self, database: str) -> str:
        return URL.create(
            "postgresql+psycopg", _USER, host="127.0.0.1", port=self.port, database=database
        ).render_as_string()

    def _start(self) -> int:
        programs, as_account = _programs(), _as_account()
        if as_account:
            account = pwd.getpwnam(_ACCOUNT)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        data = self.folder / "data"
        # Only this machine's users can reach the server, and there is nothing in it: no password is asked for.
        subprocess.run(  # noqa: S603 - our own words
            [*as_account, programs / "initdb", "-D", data, "-U", _USER, *_INITDB],
            check=True,
            cwd=self.folder,
            capture_output=True,
        )
        port = _free_port()
        options = [f"port={port}", f"unix_socket_directories={self.folder}", *_SETTINGS]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [*as_account, programs / "postgres", "-D", data, *(w for option in options for w in ("-c", option))],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_answers(port)
        return port

    def _wait_until_it_answers(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        ready = self.folder / "data" / "postmaster.pid"
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                break
            # The last line of this file says "ready" once the server takes connections.
            if ready.exists() and ready.read_text(errors="replace").rstrip().endswith("ready"):
                return
            time.sleep(0.02)
        raise NotConfigured(
            "The PostgreSQL server of the tests did not start.",
            (self.folder / "log").read_text(errors="replace")[-2000:],
        )


@cache
def server() -> PostgresServer:
    """This process's server, started when it is first asked for and stopped when the process ends."""
    started = PostgresServer()
    atexit.register(started.stop)
    return started


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    elsewhere = shutil.which("initdb")
    if found:
        return found[-1].parent
    if elsewhere:
        return Path(elsewhere).resolve().parent
    raise NotConfigured(
        "PostgreSQL is not installed, and the tests need it.",
        "Type: apt-get install --no-install-recommends postgresql",
    )


def _as_account() -> list[str]:
    """What to begin a command with: run as Debian's account where we are root; end with us, however we end."""
    command = ["setpriv", "--pdeathsig", "QUIT"]
    if os.geteuid() == 0:
        command += [f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--init-groups"]
    return command


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
