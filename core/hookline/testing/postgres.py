"""A real PostgreSQL server for tests: one for each process that asks, gone with it.

url = server().database(key, migrate)     # a fresh database, copied from one that was migrated once
server().drop(url)

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

from sqlalchemy import URL, create_engine, text

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


class PostgresServer:
    """One running server. `database` hands out fresh databases, each a copy of a template made once per key."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hookline-pg-"))
        self._templates: dict[Hashable, str] = {}
        self._made = 0
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self.port = self._start()
        except BaseException:
            self.stop()
            raise
        self._admin = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT", pool_size=1)

    def database(self, key: Hashable, migrate: Callable[[str], None]) -> str:
        """The URL of a fresh database. `migrate` fills the template of that key, the first time it is asked for."""
        if key not in self._templates:
            template = self._create()
            migrate(self._url(template))
            self._templates[key] = template
        return self._url(self._create(self._templates[key]))

    def empty_database(self, options: str = "") -> str:
        """The URL of a fresh database without any table; `options` are those of CREATE DATABASE."""
        return self._url(self._create(options=options))

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is still connected to it."""
        name = url.rpartition("/")[2]
        with self._admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))

    def stop(self) -> None:
        """End the server and delete its data."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nothing is to be kept
            self._process.wait(_STOP_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

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
